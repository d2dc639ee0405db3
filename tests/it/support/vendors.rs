//! What people with a local account do on their way, for tests that begin where that ends.

use portal::{
    domain::{
        account::activation_ends,
        email_address::EmailAddress,
        mobile::Mobile,
        password::INITIAL_VALIDITY,
        techpass_id::Username,
        totp::{SECRET_BYTES, TotpSecret},
    },
    store::{
        credentials,
        people::{self, NewLocalAccount},
    },
};
use time::Duration;

use super::{Page, Portal, Visitor};

/// What Ana signs in with, and where she is written to.
pub const ID: &str = "ana.lim@techpass.gov.sg";
pub const ADDRESS: &str = "ana@vendor.example";
pub const MOBILE: &str = "+6591234567";

/// Her first password, and the one that she chooses.
pub const INITIAL: &str = "kaya-toast-2026";
pub const PASSWORD: &str = "wobbly teapot eleven moon";

/// Ana's pending account with an initial password.
pub async fn registered(portal: &Portal) {
    registered_as(portal, "ana.lim", ADDRESS).await;
}

/// A pending local account with an initial password.
pub async fn registered_as(portal: &Portal, username: &str, address: &str) {
    let now = portal.now();
    let username = Username::parse(username).expect("a username");
    let email = EmailAddress::parse(address).expect("an address");
    let mobile = Mobile::parse("SG", MOBILE).expect("a number");
    let account = NewLocalAccount {
        id: portal.app.chance.id(now),
        username: &username,
        email: &email,
        first_name: "Ana",
        last_name: "Limbang",
        mobile: &mobile,
        activation_ends: activation_ends(now),
    };
    let hash = portal.app.passwords.hash(INITIAL, &*portal.app.chance).await.expect("a turn");
    let mut connection = portal.database.acquire().await.expect("a connection");
    assert!(people::create_local(&mut connection, &account, now).await.expect("an account"));
    let expires_at = Some(now + INITIAL_VALIDITY);
    credentials::set_password(&mut connection, account.id, &hash, expires_at, now).await.expect("a password");
}

/// Gives the ID and a password; gives the answer to the password.
pub async fn gives_password(visitor: &Visitor, id: &str, password: &str) -> Page {
    let page = visitor.opens("/sign-in").await;
    let answer = visitor.fills_in(&page, &[("techpass_id", id)]).await;
    answer.leads_to("/sign-in/password");
    let page = visitor.follows(&answer).await;
    visitor.fills_in(&page, &[("password", password)]).await
}

/// An authenticator app on somebody's phone.
pub struct Phone(TotpSecret);

impl Phone {
    /// Types the key that the page shows into the app.
    pub fn reads(page: &Page) -> Self {
        let key: String = page.texts("code.key").concat().split_whitespace().collect();
        let bits = key.bytes().fold((0_u128, 0, Vec::new()), |(bits, held, mut bytes), letter| {
            let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).expect("Base32");
            let (bits, held) = (bits << 5 | value as u128, held + 5);
            if held >= 8 {
                bytes.push((bits >> (held - 8)) as u8);
                return (bits & ((1 << (held - 8)) - 1), held - 8, bytes);
            }
            (bits, held, bytes)
        });
        let secret: [u8; SECRET_BYTES] = bits.2.try_into().expect("160 bits");
        Self(TotpSecret::new(&secret, ID))
    }

    /// The code that it shows.
    pub fn shows(&self, portal: &Portal) -> String {
        self.0.code(portal.now())
    }

    /// The code of so many steps later.
    pub fn will_show(&self, portal: &Portal, steps: i32) -> String {
        self.0.code(portal.now() + Duration::seconds(30) * steps)
    }
}

/// The six digits of the latest SMS.
pub async fn sms_code(portal: &Portal) -> String {
    latest_code_to(portal, MOBILE).await
}

/// The six digits of the latest SMS, which went to this number.
pub async fn latest_code_to(portal: &Portal, number: &str) -> String {
    portal.delivers().await;
    let inbox: serde_json::Value =
        serde_json::from_str(&portal.visitor().opens("/dev/inbox.json").await.body).expect("an inbox");
    let latest = inbox.as_array().expect("a list").iter().find(|item| item["kind"] == "sms").expect("an SMS").clone();
    assert_eq!(latest["to"], number);
    let text = latest["text"].as_str().expect("a text").to_owned();
    text.lines()
        .find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()))
        .expect("a code")
        .to_owned()
}

/// Sets up the app; gives the phone, and where it goes on.
pub async fn sets_up_app(portal: &Portal, visitor: &Visitor, answer: &Page) -> (Phone, Page) {
    answer.leads_to("/activate/mfa");
    let page = visitor.follows(answer).await;
    let phone = Phone::reads(&page);
    let code = phone.shows(portal);
    let answer = visitor.fills_in(&page, &[("code", &code)]).await;
    (phone, answer)
}

/// Signs in with password and code, in a new browser.
pub async fn signs_in(portal: &Portal, id: &str, phone: &Phone) -> Visitor {
    portal.waits(Duration::seconds(30));
    let browser = portal.visitor();
    let page = browser.follows(&gives_password(&browser, id, PASSWORD).await).await;
    browser.fills_in(&page, &[("code", &phone.shows(portal))]).await.leads_to("/account");
    browser
}

/// Opens a page that asks anew who one is, tells it, and sees the page.
pub async fn confirms_on_the_way_to(address: &str, portal: &Portal, visitor: &Visitor, phone: &Phone) -> Page {
    // The code that was used last does not work again.
    portal.waits(Duration::seconds(30));
    let asked = visitor.opens(address).await;
    let page = visitor.follows(&asked).await;
    page.is(200).headed("Show that it is you");
    let answer = visitor.fills_in(&page, &[("password", PASSWORD), ("code", &phone.shows(portal))]).await;
    answer.leads_to(address);
    visitor.follows(&answer).await
}

/// Adds another authenticator app; gives the phone that it is on.
pub async fn adds_another_app(portal: &Portal, visitor: &Visitor) -> Phone {
    let page = visitor.opens("/account/security/authenticators/new").await;
    let phone = Phone::reads(&page);
    let answer = visitor.fills_in(&page, &[("code", &phone.shows(portal)), ("name", "Second phone")]).await;
    answer.leads_to("/account/security/authenticators?done=added");
    phone
}

/// From the recovery codes on to the end.
pub async fn finishes(portal: &Portal, visitor: &Visitor, answer: Page) -> Page {
    let last = walks_to("/activate/done", portal, visitor, answer).await;
    visitor.follows(&last).await
}

/// From step to step, until an answer leads to this address; gives that answer.
pub async fn walks_to(until: &str, portal: &Portal, visitor: &Visitor, mut answer: Page) -> Page {
    loop {
        let address = answer.location().unwrap_or_else(|| panic!("no way on: {}", answer.main_text())).to_owned();
        if address == until {
            return answer;
        }
        let page = visitor.opens(&address).await;
        answer = match address.as_str() {
            "/activate/mfa" => visitor.fills_in(&page, &[("code", &Phone::reads(&page).shows(portal))]).await,
            "/activate/recovery-codes" => visitor.fills_in(&page, &[]).await,
            "/activate/phone" => {
                let sent = visitor.fills_in(&page, &[]).await;
                let page = visitor.follows(&sent).await;
                visitor.fills_in(&page, &[("code", &sms_code(portal).await)]).await
            }
            "/activate/password" => {
                let fields = [("current_password", INITIAL), ("new_password", PASSWORD), ("repeat_password", PASSWORD)];
                visitor.fills_in(&page, &fields).await
            }
            terms if terms.starts_with("/activate/terms/") => visitor.fills_in(&page, &[("accept", "yes")]).await,
            _ => panic!("{address} is no step on the way to {until}"),
        };
    }
}

/// An active local account; gives the browser in which she is signed in, and her phone.
pub async fn active(portal: &Portal) -> (Visitor, Phone) {
    active_as(portal, "ana.lim", ADDRESS).await
}

/// An active local account of this name and contact address.
pub async fn active_as(portal: &Portal, username: &str, address: &str) -> (Visitor, Phone) {
    registered_as(portal, username, address).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, username, INITIAL).await;
    let (phone, answer) = sets_up_app(portal, &ana, &answer).await;
    let done = finishes(portal, &ana, answer).await;
    done.is(200).headed("You have successfully onboarded to TechPass");
    portal.waits(Duration::MINUTE);
    (ana, phone)
}
