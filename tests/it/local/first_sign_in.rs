//! From the first password to active, step by step (docs/rules.md §4.1 to §4.11).

use sqlx::PgPool;
use time::Duration;

use super::WRONG;
use crate::support::{
    Portal, tables,
    vendors::{
        ADDRESS, ID, INITIAL, PASSWORD, Phone, finishes, gives_password, registered, sets_up_app, sms_code, walks_to,
    },
};

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_local_account_goes_from_its_first_password_to_active(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, "Ana.Lim", INITIAL).await;
    let (_, answer) = sets_up_app(&portal, &ana, &answer).await;
    answer.leads_to("/activate/recovery-codes");
    let page = ana.follows(&answer).await;
    let codes = page.texts(".codes code");
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 19 && code.matches('-').count() == 3), "{codes:?}");
    assert_eq!(ana.follows(&answer).await.texts(".codes code"), codes, "a reload shows the same");
    let file = ana.opens("/activate/recovery-codes/download").await;
    assert!(file.is(200).header("content-disposition").is_some_and(|header| header.starts_with("attachment")));
    assert!(codes.iter().all(|code| file.body.contains(code.as_str())), "{}", file.body);
    let answer = ana.fills_in(&page, &[]).await;
    answer.leads_to("/activate/phone");
    ana.opens("/activate/recovery-codes").await.leads_to("/activate/phone");
    let done = finishes(&portal, &ana, answer).await;
    done.is(200).headed("You have successfully onboarded to TechPass").says(ID);
    assert_eq!(tables::account(&database, ADDRESS).await.status, "active");
    ana.opens("/account").await.is(200).says("Ana Limbang").says(ID);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn every_step_is_guarded_by_the_ones_before_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let steps = [
        "/activate/mfa",
        "/activate/recovery-codes",
        "/activate/phone",
        "/activate/phone/number",
        "/activate/password",
        "/activate/terms/privacy",
        "/activate/terms/terms-of-use",
        "/activate/terms/mdm-aup",
        "/activate",
        "/sign-in/mfa",
        "/sign-in/recovery",
    ];
    let ana = portal.visitor();
    for step in steps {
        let answer = ana.opens(step).await;
        assert!(answer.status == 405 || answer.location().is_some_and(|to| to.starts_with("/sign-in")), "{step}");
    }
    let mut answer = gives_password(&ana, ID, INITIAL).await;
    let mut seen = Vec::new();
    while let Some(next) = answer.location().filter(|next| next.starts_with("/activate/") && *next != "/activate/done")
    {
        let next = next.to_owned();
        let page = ana.opens(&next).await;
        let csrf = page.form().fields.into_iter().find(|(name, _)| name == "csrf").expect("a token");
        for other in steps.iter().filter(|step| **step != next && !step.starts_with("/activate/phone/")) {
            let fields = ["accept", "code", "current_password", "new_password", "repeat_password", "new"];
            let fields = fields.map(|field| (field.to_owned(), "yes".to_owned()));
            let answer = ana.posts(other, &[std::slice::from_ref(&csrf), fields.as_slice()].concat()).await;
            assert_eq!((answer.status, answer.location()), (303, Some(next.as_str())), "{other} while {next} is next");
        }
        answer = match next.as_str() {
            "/activate/mfa" => ana.fills_in(&page, &[("code", &Phone::reads(&page).shows(&portal))]).await,
            "/activate/recovery-codes" => ana.fills_in(&page, &[]).await,
            "/activate/phone" => {
                let sent = ana.fills_in(&page, &[]).await;
                ana.fills_in(&ana.follows(&sent).await, &[("code", &sms_code(&portal).await)]).await
            }
            "/activate/password" => {
                let fields = [("current_password", INITIAL), ("new_password", PASSWORD), ("repeat_password", PASSWORD)];
                ana.fills_in(&page, &fields).await
            }
            _ => ana.fills_in(&page, &[("accept", "yes")]).await,
        };
        seen.push(next);
    }
    let expected = [
        "/activate/mfa",
        "/activate/recovery-codes",
        "/activate/phone",
        "/activate/password",
        "/activate/terms/privacy",
        "/activate/terms/terms-of-use",
    ];
    assert_eq!(seen, expected);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_stopped_on_the_way_goes_on_there_in_another_browser_on_another_day(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let (phone, _) = sets_up_app(&portal, &ana, &answer).await;
    portal.waits(Duration::DAY);
    let elsewhere = portal.visitor();
    let answer = gives_password(&elsewhere, ID, INITIAL).await;
    answer.leads_to("/sign-in/mfa");
    let page = elsewhere.follows(&answer).await;
    let answer = elsewhere.fills_in(&page, &[("code", &phone.shows(&portal))]).await;
    answer.leads_to("/activate/recovery-codes");
    let page = elsewhere.follows(&answer).await;
    page.says("Your codes were shown in another browser").has_button("Get new codes");
    let answer = elsewhere.fills_in(&page, &[]).await;
    answer.leads_to("/activate/recovery-codes");
    assert_eq!(elsewhere.follows(&answer).await.texts(".codes code").len(), 10);
    finishes(&portal, &elsewhere, answer).await.is(200).headed("You have successfully onboarded to TechPass");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_initial_password_is_good_until_the_second_before_its_72_hours_are_over(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    portal.waits(Duration::hours(72) - Duration::SECOND);
    gives_password(&portal.visitor(), ID, INITIAL).await.leads_to("/activate/mfa");
    portal.waits(Duration::SECOND);
    let page = gives_password(&portal.visitor(), ID, INITIAL).await;
    page.is(403).titled("Your first password has run out").links_to("/sign-in/forgotten");
    gives_password(&portal.visitor(), ID, "another one").await.is(422).has_field_error("password", WRONG);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_comes_to_the_password_without_one_that_works_has_a_link_sent_and_goes_on(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    portal.waits(Duration::hours(71));
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let (phone, answer) = sets_up_app(&portal, &ana, &answer).await;
    let answer = walks_to("/activate/password", &portal, &ana, answer).await;
    let open = ana.follows(&answer).await;
    open.is(200).says("Step 4 of 6").links_to("/sign-in/forgotten");
    portal.waits(Duration::HOUR);
    let fields = [("current_password", INITIAL), ("new_password", PASSWORD), ("repeat_password", PASSWORD)];
    ana.fills_in(&open, &fields).await.is(422).says("You have no password that works").has_button("Send the link");
    let page = ana.opens("/activate/password").await;
    page.is(200).says("You have no password that works");
    ana.fills_in(&page, &[]).await.is(200).says("Look into your e-mail");
    portal.delivers().await;
    let link = portal.mail.reads(ADDRESS).remove(0).link("/sign-in/forgotten/");
    let page = ana.opens(&link).await;
    let code = phone.shows(&portal);
    let fields = [("new_password", PASSWORD), ("repeat_password", PASSWORD), ("code", code.as_str())];
    let answer = ana.fills_in(&page, &fields).await;
    finishes(&portal, &ana, answer).await.is(200).headed("You have successfully onboarded to TechPass");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_code_by_sms_dies_after_five_wrong_tries_or_ten_minutes_and_another_comes_after_60_seconds(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let (_, answer) = sets_up_app(&portal, &ana, &answer).await;
    let page = ana.follows(&answer).await;
    let answer = ana.fills_in(&page, &[]).await;
    let number = ana.follows(&answer).await;
    number.holds("mobile_country", "SG").holds("mobile", "+6591234567");
    let sent = ana.fills_in(&number, &[]).await;
    let page = ana.follows(&sent).await;
    page.is(200).says("•••• 567");
    let right = sms_code(&portal).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for left in ["4 more tries", "3 more tries", "2 more tries", "one more try"] {
        let message = format!("The code is not right. You have {left}");
        ana.fills_in(&page, &[("code", wrong)]).await.is(422).has_field_error("code", &message);
    }
    let dead = "This code no longer works. Have a new one sent";
    ana.fills_in(&page, &[("code", wrong)]).await.is(422).has_field_error("code", dead);
    ana.fills_in(&page, &[("code", &right)]).await.is(422).has_field_error("code", dead);
    ana.fills_in(&page, &[("code", "")]).await.is(422).has_field_error("code", "Enter the six digits from the SMS");
    let again = page.forms()[1].fields.clone();
    ana.posts("/activate/phone", &again).await.is(429);
    portal.waits(Duration::MINUTE);
    ana.posts("/activate/phone", &again).await.is(303);
    let right = sms_code(&portal).await;
    portal.waits(Duration::minutes(10));
    ana.fills_in(&page, &[("code", &right)]).await.is(422).has_field_error("code", dead);
    ana.posts("/activate/phone", &again).await.is(303);
    let right = sms_code(&portal).await;
    ana.fills_in(&page, &[("code", &right)]).await.leads_to("/activate/password");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_weak_password_is_told_why_and_nothing_of_it_comes_back(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let (_, answer) = sets_up_app(&portal, &ana, &answer).await;
    let answer = ana.fills_in(&ana.follows(&answer).await, &[]).await;
    let sent = ana.fills_in(&ana.follows(&answer).await, &[]).await;
    let answer = ana.fills_in(&ana.follows(&sent).await, &[("code", &sms_code(&portal).await)]).await;
    answer.leads_to("/activate/password");
    let page = ana.follows(&answer).await;
    for (current, new, repeat, field) in [
        ("", PASSWORD, PASSWORD, "current_password"),
        ("not it", PASSWORD, PASSWORD, "current_password"),
        (INITIAL, "short", "short", "new_password"),
        (INITIAL, "password1234", "password1234", "new_password"),
        (INITIAL, "the limbang family tree", "the limbang family tree", "new_password"),
        (INITIAL, INITIAL, INITIAL, "new_password"),
        (INITIAL, PASSWORD, "wobbly teapot", "repeat_password"),
    ] {
        let fields = [("current_password", current), ("new_password", new), ("repeat_password", repeat)];
        let answer = ana.fills_in(&page, &fields).await;
        assert_eq!(answer.is(422).errors()[0].0, field, "{current:?} {new:?} {repeat:?}");
        for secret in [INITIAL, PASSWORD, "password1234", "limbang family"] {
            assert!(!answer.body.contains(secret), "{secret} came back");
        }
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_dump_of_the_database_holds_no_usable_secret(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let page = ana.follows(&answer).await;
    let key: String = page.texts("code.key").concat().split_whitespace().collect();
    let (_, answer) = sets_up_app(&portal, &ana, &answer).await;
    let codes_page = ana.follows(&answer).await;
    let codes = codes_page.texts(".codes code");
    let answer = ana.fills_in(&codes_page, &[]).await;
    ana.fills_in(&ana.follows(&answer).await, &[]).await.is(303);
    let sms = sms_code(&portal).await;
    let dump = tables::dump(&database).await;
    let mut secrets = vec![key, INITIAL.to_owned()];
    secrets.extend(codes.iter().flat_map(|code| [code.clone(), code.replace('-', "")]));
    for (table, rows) in &dump {
        for secret in &secrets {
            assert!(!rows.contains(secret.as_str()), "{table} holds {secret}");
        }
        assert!(
            !rows.contains(&format!("\"{sms}\"")) && !rows.contains(&format!(",{sms},")),
            "{table} holds the SMS code"
        );
    }
}
