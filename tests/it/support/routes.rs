//! The list of the portal's addresses, in one place: what goes through all of them reads it here. `routes.rs` beside the
//! journeys checks it against the source, so that a new address cannot be forgotten.

use crate::support::{
    Page, Portal, SignUp, Visitor,
    officers::{accepts, active, invited},
    page::Form,
    passkeys,
    provider::Persona,
    tables, vendors,
};

/// What stands behind an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page.
    Page,
    /// A page that exists in development only.
    DevelopmentPage,
    /// Something for machines.
    Machine,
    /// Leads elsewhere.
    Redirect,
    /// Takes a form and has no page of its own.
    PostOnly,
    /// Takes what a machine has signed (`sms_status.rs`); no page has a form that goes there.
    Signed,
}

/// Who can see what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Anyone,
    /// Somebody who has come back from the provider, and has the terms before them.
    OnTheWay,
    /// Somebody who has done every step, and has not been told.
    AtTheEnd,
    /// Somebody who is signed in.
    SignedIn,
    /// Somebody who is signed in, has just proved anew who they are, and has passkeys.
    WithPasskeys,
    /// Somebody else who is signed in: the first one has signed out when the forms of this one are tried.
    SignedInElsewhere,
    /// Somebody with a local account who is signed in, in another browser too.
    Local,
    /// Somebody with a local account and two authenticators who is signed in, and has shown anew who they are.
    Confirmed,
    /// Somebody who is signed in, and tells that something was not them.
    Worried,
    /// Somebody who has given the ID of a local account.
    AtPassword,
    /// Somebody with a local account who has to give a code.
    AtCode,
    /// Somebody with a local account, at this step of its activation.
    At(&'static str),
}

/// The steps of a local account's activation that have a page of their own.
const STEPS: [&str; 4] = ["/activate/mfa", "/activate/recovery-codes", "/activate/phone", "/activate/password"];

/// One address.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// As in the source.
    pub pattern: &'static str,
    /// What stands behind it.
    pub kind: Kind,
    /// Whether it takes a form.
    pub posts: bool,
    /// Who can see it.
    pub who: Who,
}

const fn route(pattern: &'static str, kind: Kind, posts: bool) -> Route {
    Route { pattern, kind, posts, who: Who::Anyone }
}

impl Route {
    /// Whether a browser can open it.
    pub fn opens(&self) -> bool {
        !matches!(self.kind, Kind::PostOnly | Kind::Signed)
    }

    const fn seen_by(self, who: Who) -> Self {
        Self { who, ..self }
    }
}

/// Every address of the portal but the static files.
pub const ROUTES: &[Route] = &[
    route("/", Kind::Page, false),
    route("/start", Kind::Page, true),
    route("/start/answer", Kind::Page, false),
    route("/sign-up", Kind::Page, true),
    route("/sign-up/done", Kind::Page, false),
    route("/sign-up/again", Kind::PostOnly, true),
    route("/accept/{token}", Kind::Page, true),
    route("/sign-in", Kind::Page, true),
    route("/auth/{provider}/start", Kind::Page, true),
    // What stands there depends on what the provider sends along.
    route("/auth/{provider}/callback", Kind::Machine, false),
    route("/activate/terms/{document}", Kind::Page, true).seen_by(Who::OnTheWay),
    route("/activate", Kind::Page, true).seen_by(Who::AtTheEnd),
    route("/activate/done", Kind::Page, false).seen_by(Who::SignedIn),
    route("/account", Kind::Page, false).seen_by(Who::SignedIn),
    route("/account/deadlines.ics", Kind::Machine, false).seen_by(Who::SignedIn),
    route("/account/terms", Kind::Page, false).seen_by(Who::SignedIn),
    route("/account/terms/receipt", Kind::Machine, false).seen_by(Who::SignedIn),
    route("/account/edit", Kind::Page, true).seen_by(Who::Local),
    route("/account/edit/mobile", Kind::Page, true).seen_by(Who::Confirmed),
    route("/account/edit/mobile/drop", Kind::PostOnly, true).seen_by(Who::Confirmed),
    route("/account/security/passkeys", Kind::Page, true).seen_by(Who::WithPasskeys),
    route("/account/security/passkeys/options", Kind::PostOnly, true).seen_by(Who::WithPasskeys),
    route("/account/security/passkeys/{id}", Kind::Page, true).seen_by(Who::WithPasskeys),
    route("/account/security/passkeys/{id}/remove", Kind::Page, true).seen_by(Who::WithPasskeys),
    route("/sign-in/passkey", Kind::PostOnly, true),
    route("/sign-in/passkey/options", Kind::PostOnly, true),
    route("/sign-in/password", Kind::Page, true).seen_by(Who::AtPassword),
    route("/sign-in/mfa", Kind::Page, true).seen_by(Who::AtCode),
    route("/sign-in/mfa/passkey", Kind::PostOnly, true).seen_by(Who::AtCode),
    route("/sign-in/mfa/passkey/options", Kind::PostOnly, true).seen_by(Who::AtCode),
    route("/sign-in/recovery", Kind::Page, true).seen_by(Who::AtCode),
    route("/sign-in/forgotten", Kind::Page, true),
    route("/sign-in/forgotten/{token}", Kind::Page, true),
    route("/activate/mfa", Kind::Page, true).seen_by(Who::At("/activate/mfa")),
    route("/activate/recovery-codes", Kind::Page, true).seen_by(Who::At("/activate/recovery-codes")),
    route("/activate/recovery-codes/download", Kind::Machine, false).seen_by(Who::At("/activate/recovery-codes")),
    // Before those that change the number: they are offered in China only.
    route("/activate/phone/passkey", Kind::PostOnly, true).seen_by(Who::At("/activate/phone")),
    route("/activate/phone/passkey/options", Kind::PostOnly, true).seen_by(Who::At("/activate/phone")),
    route("/activate/phone", Kind::Page, true).seen_by(Who::At("/activate/phone")),
    route("/activate/phone/number", Kind::PostOnly, true).seen_by(Who::At("/activate/phone")),
    route("/activate/password", Kind::Page, true).seen_by(Who::At("/activate/password")),
    // Before the one that signs out everywhere.
    route("/account/security/review", Kind::PostOnly, true).seen_by(Who::SignedInElsewhere),
    route("/account/security", Kind::Page, true).seen_by(Who::SignedInElsewhere),
    route("/account/security/confirm", Kind::Page, true).seen_by(Who::Local),
    route("/account/security/confirm/passkey", Kind::PostOnly, true).seen_by(Who::Local),
    route("/account/security/confirm/passkey/options", Kind::PostOnly, true).seen_by(Who::Local),
    route("/account/security/password", Kind::Page, true).seen_by(Who::Local),
    route("/account/security/sessions", Kind::Page, true).seen_by(Who::Local),
    route("/account/security/authenticators", Kind::Page, false).seen_by(Who::Confirmed),
    route("/account/security/authenticators/new", Kind::Page, true).seen_by(Who::Confirmed),
    route("/account/security/authenticators/{id}", Kind::Page, true).seen_by(Who::Confirmed),
    route("/account/security/authenticators/{id}/remove", Kind::Page, true).seen_by(Who::Confirmed),
    route("/account/security/recovery-codes", Kind::Page, true).seen_by(Who::Confirmed),
    route("/account/security/recovery-codes/download", Kind::Machine, false).seen_by(Who::Confirmed),
    route("/password-strength", Kind::PostOnly, true).seen_by(Who::At("/activate/password")),
    route("/account/security/not-me", Kind::Page, true).seen_by(Who::Worried),
    route("/not-me/{token}", Kind::Page, true),
    // A page once the link was used (`not_me.rs`).
    route("/not-me/{token}/done", Kind::Redirect, false),
    route("/sign-out", Kind::PostOnly, true).seen_by(Who::SignedIn),
    route("/help", Kind::Page, false),
    route("/help/requests", Kind::Redirect, false),
    route("/help/requests/new", Kind::Redirect, false),
    route("/api/v1/sms/status", Kind::Signed, true),
    route("/healthz", Kind::Machine, false),
    route("/readyz", Kind::Machine, false),
    route("/metrics", Kind::Machine, false),
    route("/captcha", Kind::Machine, false),
    route("/dev/inbox", Kind::DevelopmentPage, false),
    route("/dev/inbox.json", Kind::Machine, false),
    route("/dev/components", Kind::DevelopmentPage, false),
];

/// People in every state that some page is for: every form would do something.
pub struct Scene {
    /// Somebody who has signed up, read the mail, and waited until it may be sent again.
    pub visitor: Visitor,
    on_the_way: Visitor,
    at_the_end: Visitor,
    signed_in: Visitor,
    signed_in_elsewhere: Visitor,
    local: Visitor,
    confirmed: Visitor,
    with_passkeys: Visitor,
    worried: Visitor,
    at_password: Visitor,
    at_code: Visitor,
    at_steps: Vec<(&'static str, Visitor)>,
    token: String,
    password_token: String,
    authenticator: String,
    passkey: String,
}

impl Scene {
    /// The visitor's address.
    pub const EMAIL: &'static str = "mei@tech.gov.sg";

    /// The address of somebody who tells that something was not them.
    pub const WORRIED: &'static str = "worried@tech.gov.sg";

    /// The token of a link by which a vendor does.
    const NOT_ME: &'static str = "a-token-of-somebody-who-was-not-it";

    /// Plays the scene.
    pub async fn at(portal: &Portal) -> Self {
        let signed_in = active(portal, "lim@tech.gov.sg").await;
        let signed_in_elsewhere = active(portal, "teo@tech.gov.sg").await;
        let worried = active(portal, Self::WORRIED).await;
        vendors::registered_as(portal, "vendor.worried", "vendor.worried@vendor.example").await;
        tables::put_not_me_link(&portal.database, "vendor.worried@vendor.example", Self::NOT_ME, portal.now()).await;
        let [on_the_way, at_the_end] = ["ong@tech.gov.sg", "goh@tech.gov.sg"].map(|email| (portal.visitor(), email));
        for (visitor, email) in [&on_the_way, &at_the_end] {
            let link = invited(portal, *email).await;
            accepts(visitor, portal, &link, &Persona::of(email)).await.is(303);
        }
        tables::accept_everything(&portal.database, at_the_end.1).await;
        let with_passkeys = active(portal, "koh@tech.gov.sg").await;
        passkeys::has_one(portal, "koh@tech.gov.sg").await;
        let (_, passkey) = passkeys::has_one(portal, "koh@tech.gov.sg").await;
        let visitor = portal.visitor();
        visitor.signs_up(SignUp::from(Self::EMAIL)).await.is(303);
        portal.delivers().await;
        let link = portal.mail.reads(Self::EMAIL).remove(0).link("/accept/");
        let (at_password, at_code, at_steps, password_token) = Self::vendors(portal).await;
        let (local, confirmed, authenticator) = Self::owners(portal).await;
        portal.waits(time::Duration::minutes(2));
        passkeys::confirms(portal, "koh@tech.gov.sg").await;
        let (on_the_way, at_the_end) = (on_the_way.0, at_the_end.0);
        let token = link.replace("/accept/", "");
        Self {
            visitor,
            on_the_way,
            at_the_end,
            signed_in,
            signed_in_elsewhere,
            local,
            confirmed,
            with_passkeys,
            worried,
            at_password,
            at_code,
            at_steps,
            token,
            password_token,
            authenticator,
            passkey: passkey.to_string(),
        }
    }

    /// Vendors who look after their accounts: one who is signed in twice, and one who has shown anew who they are, with the id of
    /// one of their authenticators.
    async fn owners(portal: &Portal) -> (Visitor, Visitor, String) {
        let (local, phone) = vendors::active_as(portal, "vendor.local", "vendor-local@vendor.example").await;
        vendors::signs_in(portal, "vendor.local", &phone).await;
        passkeys::has_one(portal, "vendor-local@vendor.example").await;
        let (confirmed, phone) =
            vendors::active_as(portal, "vendor.confirmed", "vendor-confirmed@vendor.example").await;
        vendors::confirms_on_the_way_to("/account/security/recovery-codes", portal, &confirmed, &phone).await;
        vendors::adds_another_app(portal, &confirmed).await;
        let page = confirmed.opens("/account/edit").await;
        confirmed.fills_in(&page, &[("mobile", "8123 4567")]).await.leads_to("/account/edit/mobile");
        let page = confirmed.opens("/account/edit/mobile").await;
        confirmed.fills_in(&page, &[]).await.leads_to("/account/edit/mobile");
        let list = confirmed.opens("/account/security/authenticators").await;
        let link =
            list.links().into_iter().rfind(|link| link.ends_with("/remove")).expect("an authenticator to remove");
        let id = link.trim_end_matches("/remove").rsplit('/').next().unwrap_or_default().to_owned();
        portal.delivers().await;
        portal.mail.reads("vendor-confirmed@vendor.example");
        (local, confirmed, id)
    }

    /// Vendors at every step, and the token of a link to choose a new password.
    async fn vendors(portal: &Portal) -> (Visitor, Visitor, Vec<(&'static str, Visitor)>, String) {
        let mut at_steps = Vec::new();
        for (number, step) in STEPS.into_iter().enumerate() {
            let name = format!("vendor{number}");
            vendors::registered_as(portal, &name, &format!("{name}@vendor.example")).await;
            let visitor = portal.visitor();
            let answer = vendors::gives_password(&visitor, &name, vendors::INITIAL).await;
            let answer = vendors::walks_to(step, portal, &visitor, answer).await;
            if step == "/activate/phone" {
                // Where a passkey can take the phone's place.
                tables::set_mobile(&portal.database, &format!("{name}@vendor.example"), "CN", "+8613910998888").await;
                // With a code under way the page has all of its forms.
                let page = visitor.follows(&answer).await;
                visitor.fills_in(&page, &[]).await.is(303);
            }
            at_steps.push((step, visitor));
            // So that the latest SMS is the last one.
            portal.waits(time::Duration::SECOND);
        }
        vendors::registered(portal).await;
        let at_code = portal.visitor();
        let answer = vendors::gives_password(&at_code, vendors::ID, vendors::INITIAL).await;
        vendors::sets_up_app(portal, &at_code, &answer).await;
        passkeys::has_one(portal, vendors::ADDRESS).await;
        let at_code = portal.visitor();
        vendors::gives_password(&at_code, vendors::ID, vendors::INITIAL).await.leads_to("/sign-in/mfa");
        let at_password = portal.visitor();
        let page = at_password.opens("/sign-in").await;
        at_password.fills_in(&page, &[("techpass_id", vendors::ID)]).await.leads_to("/sign-in/password");
        vendors::registered_as(portal, "forgetful", "forgetful@vendor.example").await;
        let forgetful = portal.visitor();
        let form = forgetful.opens("/sign-in/forgotten").await;
        forgetful.fills_in(&form, &[("techpass_id", "forgetful")]).await.is(200);
        portal.delivers().await;
        let link = portal.mail.reads("forgetful@vendor.example").remove(0).link("/sign-in/forgotten/");
        (at_password, at_code, at_steps, link.replace("/sign-in/forgotten/", ""))
    }

    /// Somebody who can see what stands there.
    pub fn viewer(&self, route: &Route) -> &Visitor {
        match route.who {
            Who::Anyone => &self.visitor,
            Who::OnTheWay => &self.on_the_way,
            Who::AtTheEnd => &self.at_the_end,
            Who::SignedIn => &self.signed_in,
            Who::SignedInElsewhere => &self.signed_in_elsewhere,
            Who::Local => &self.local,
            Who::Confirmed => &self.confirmed,
            Who::WithPasskeys => &self.with_passkeys,
            Who::Worried => &self.worried,
            Who::AtPassword => &self.at_password,
            Who::AtCode => &self.at_code,
            Who::At(step) => &self.at_steps.iter().find(|(at, _)| *at == step).expect("somebody at that step").1,
        }
    }

    /// The address behind a pattern, in this scene.
    pub fn address(&self, route: &Route) -> String {
        let token = match route.pattern.split('/').nth(1) {
            Some("sign-in") => self.password_token.as_str(),
            Some("not-me") => Self::NOT_ME,
            _ => &self.token,
        };
        let address = route.pattern.replace("{token}", token);
        let address = address.replace("{provider}", "wog").replace("{document}", "privacy");
        let id = if matches!(route.who, Who::WithPasskeys) { &self.passkey } else { &self.authenticator };
        let address = address.replace("{id}", id);
        if route.pattern == "/start/answer" { address + "?domain=tech.gov.sg&device=gmd&seed=yes" } else { address }
    }

    /// Every page, open in the browser of somebody who can see it.
    pub async fn pages(&self) -> Vec<(&Visitor, Page)> {
        let mut pages = Vec::new();
        for route in ROUTES.iter().filter(|route| matches!(route.kind, Kind::Page | Kind::DevelopmentPage)) {
            let viewer = self.viewer(route);
            let page = viewer.opens(&self.address(route)).await;
            page.is(200);
            pages.push((viewer, page));
        }
        pages
    }

    /// The form that goes to an address, from a page of somebody who can see it.
    pub async fn form_to(&self, route: &Route) -> Form {
        let address = self.address(route);
        let viewer = self.viewer(route);
        if route.pattern == "/password-strength" {
            // A script sends it, with the token of the form beside it.
            let form = viewer.opens("/activate/password").await.form();
            let fields = form.fields.into_iter().filter(|(name, _)| ["csrf", "new_password"].contains(&name.as_str()));
            return Form { action: address, fields: fields.collect() };
        }
        for candidate in ROUTES.iter().filter(|other| other.who == route.who && other.kind == Kind::Page) {
            let page = viewer.opens(&self.address(candidate)).await;
            if let Some(form) = page.all_forms().into_iter().find(|form| form.action == address) {
                return form;
            }
        }
        panic!("no page has a form that goes to {address}")
    }
}

/// What a person could have typed into a field, so that nothing but what is tested stands in the way of the form.
pub fn sensible_value(field: &str) -> Option<&'static str> {
    match field {
        "email" => Some("ana@tech.gov.sg"),
        "device" => Some("non_se_gsib"),
        "seed" => Some("no"),
        "techpass_id" => Some("ana@tech.gov.sg"),
        "accept" => Some("yes"),
        "first_name" | "last_name" => Some("Ana"),
        "department" => Some("Finance"),
        "mobile_country" => Some("SG"),
        "mobile" => Some("8123 4567"),
        "name" => Some("Work phone"),
        "code" => Some("123456"),
        "password" | "current_password" => Some("not the password"),
        "new_password" | "repeat_password" => Some("wobbly teapot eleven moon"),
        _ => None,
    }
}
