//! Local accounts: first sign-in, activation, every later sign-in, and a forgotten password (docs/rules.md §4).

use futures_util::future::join_all;
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Portal,
    portal::KEY,
    tables,
    vendors::{
        ADDRESS, ID, INITIAL, PASSWORD, Phone, active, finishes, gives_password, registered, registered_as,
        sets_up_app, sms_code,
    },
};

const WRONG: &str = "The TechPass ID or the password is not right";

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
async fn an_unknown_id_a_wrong_password_and_a_disabled_account_s_wrong_password_read_the_same(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let answers = [
        gives_password(&portal.visitor(), ID, "not it").await,
        gives_password(&portal.visitor(), "nobody@techpass.gov.sg", "not it").await,
    ];
    tables::set_status(&database, ADDRESS, "disabled").await;
    let disabled = gives_password(&portal.visitor(), ID, "not it").await;
    for answer in [&answers[0], &answers[1], &disabled] {
        answer.is(422).has_field_error("password", WRONG);
        let page = answer.without_nonces().replace("nobody@", "ana.lim@");
        assert_eq!(page, answers[0].without_nonces());
        assert!(!answer.body.contains("not it"), "a password came back");
    }
    let page = gives_password(&portal.visitor(), ID, INITIAL).await;
    page.is(403).titled("Your TechPass is disabled").links_to("/help");
    tables::set_status(&database, ADDRESS, "terminated").await;
    gives_password(&portal.visitor(), ID, INITIAL).await.is(403).titled("Your TechPass has ended");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn ten_wrong_passwords_an_hour_lock_the_tries_for_a_while_and_tell_the_owner(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    for id in [ID, "nobody@techpass.gov.sg"] {
        for _ in 0..10 {
            gives_password(&portal.visitor(), id, "not it").await.is(422);
        }
        for password in ["not it", INITIAL] {
            let page = gives_password(&portal.visitor(), id, password).await;
            page.is(429).has_field_error("password", "Too many tries. Try again in 60 minutes");
        }
    }
    portal.delivers().await;
    let mails = portal.mail.reads_all();
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails[0].has_subject("Somebody gave too many wrong TechPass passwords");
    portal.waits(Duration::HOUR);
    gives_password(&portal.visitor(), ID, INITIAL).await.leads_to("/activate/mfa");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn around_a_full_hour_there_are_no_more_passwords_than_in_any_other_hour(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    gives_password(&portal.visitor(), ID, "not it").await.is(422);
    portal.waits(Duration::HOUR - Duration::SECOND);
    for _ in 0..9 {
        gives_password(&portal.visitor(), ID, "not it").await.is(422);
    }
    let page = gives_password(&portal.visitor(), ID, INITIAL).await;
    page.is(429).has_field_error("password", "Too many tries. Try again in a second");
    portal.waits(Duration::SECOND);
    gives_password(&portal.visitor(), ID, "not it").await.is(422);
    let page = gives_password(&portal.visitor(), ID, INITIAL).await;
    page.is(429).has_field_error("password", "Too many tries. Try again in 60 minutes");
    portal.delivers().await;
    assert_eq!(portal.mail.reads_all().len(), 1, "the owner is told once");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_active_account_signs_in_with_password_and_code(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, PASSWORD).await;
    answer.leads_to("/sign-in/mfa");
    ana.opens("/account").await.leads_to("/sign-in/mfa");
    let page = ana.follows(&answer).await;
    ana.fills_in(&page, &[("code", "")]).await.is(422).has_field_error("code", "Enter the code");
    ana.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
    ana.opens("/account").await.is(200);
    gives_password(&portal.visitor(), ID, INITIAL).await.is(422).has_field_error("password", WRONG);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_code_opens_once_however_many_try_it_at_once_on_three_copies(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    let copies = [portal.copy(1, &[]).await, portal.copy(2, &[]).await];
    let code = phone.shows(&portal);
    let mut pages = Vec::new();
    for visitor in [portal.visitor(), copies[0].visitor(), copies[1].visitor(), portal.visitor(), copies[0].visitor()] {
        let answer = gives_password(&visitor, ID, PASSWORD).await;
        let page = visitor.follows(&answer).await;
        pages.push((visitor, page));
    }
    let fields = [("code", code.as_str())];
    let answers = join_all(pages.iter().map(|(visitor, page)| visitor.fills_in(page, &fields))).await;
    let let_in = answers.iter().filter(|answer| answer.location() == Some("/account")).count();
    assert_eq!(let_in, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_older_code_is_refused_after_a_newer_one_and_so_is_one_two_steps_away(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    let try_code = async |code: String| {
        let visitor = portal.visitor();
        let answer = gives_password(&visitor, ID, PASSWORD).await;
        let page = visitor.follows(&answer).await;
        visitor.fills_in(&page, &[("code", &code)]).await
    };
    try_code(phone.will_show(&portal, -2)).await.is(422);
    try_code(phone.will_show(&portal, 2)).await.is(422);
    try_code(phone.will_show(&portal, 1)).await.leads_to("/account");
    try_code(phone.shows(&portal)).await.is(422);
    portal.waits(Duration::minutes(2));
    try_code(phone.shows(&portal)).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn five_wrong_codes_in_15_minutes_lock_the_codes_and_a_recovery_code_still_lets_in(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let (phone, answer) = sets_up_app(&portal, &ana, &answer).await;
    let codes = ana.follows(&answer).await.texts(".codes code");
    finishes(&portal, &ana, answer).await.is(200);
    portal.waits(Duration::MINUTE);

    let again = portal.visitor();
    let answer = gives_password(&again, ID, PASSWORD).await;
    let page = again.follows(&answer).await;
    for _ in 0..5 {
        again.fills_in(&page, &[("code", "000000")]).await.is(422);
    }
    let locked = again.fills_in(&page, &[("code", &phone.shows(&portal))]).await;
    locked.is(429).has_field_error("code", "Too many tries. Try again in 15 minutes");
    let page = again.opens("/sign-in/recovery").await;
    again.fills_in(&page, &[("code", "2222-2222-2222-2222")]).await.is(422);
    again.fills_in(&page, &[("code", &codes[0].to_lowercase().replace('-', " "))]).await.leads_to("/account");
    let thief = portal.visitor();
    gives_password(&thief, ID, PASSWORD).await.is(303);
    let page = thief.opens("/sign-in/recovery").await;
    thief.fills_in(&page, &[("code", &codes[0])]).await.is(422);
    portal.delivers().await;
    let subjects: Vec<String> = portal.mail.reads_all().into_iter().map(|mail| mail.subject().to_owned()).collect();
    assert!(subjects.contains(&"Somebody gave too many wrong TechPass codes".to_owned()), "{subjects:?}");
    assert!(subjects.contains(&"A recovery code of your TechPass was used".to_owned()), "{subjects:?}");
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
async fn a_forgotten_password_is_replaced_by_link_and_code_and_ends_every_session(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (elsewhere, phone) = active(&portal).await;
    let ana = portal.visitor();
    let page = ana.opens("/sign-in/forgotten").await;
    let known = ana.fills_in(&page, &[("techpass_id", ID)]).await;
    let unknown = ana.fills_in(&page, &[("techpass_id", "nobody@techpass.gov.sg")]).await;
    known.is(200).says("Look into your e-mail");
    assert_eq!(known.without_nonces(), unknown.without_nonces());
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    assert_eq!(mails.len(), 1);
    let link = mails[0].link("/sign-in/forgotten/");
    let page = ana.opens(&link).await;
    let new = "quantum ferry under saffron";
    let fields =
        |code: &str| [("new_password", new.to_owned()), ("repeat_password", new.to_owned()), ("code", code.to_owned())];
    let fill = async |code: &str| {
        let fields = fields(code);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ana.fills_in(&page, &fields).await
    };
    fill("").await.is(422).has_field_error("code", "Enter the code that your app shows, or a recovery code");
    fill("000000").await.is(422);
    elsewhere.opens("/account").await.is(200);
    fill(&phone.shows(&portal)).await.leads_to("/account");
    elsewhere.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    fill(&phone.will_show(&portal, 1)).await.is(410).titled("This link no longer works").has_no_form();
    gives_password(&portal.visitor(), ID, PASSWORD).await.is(422);
    gives_password(&portal.visitor(), ID, new).await.leads_to("/sign-in/mfa");
    portal.delivers().await;
    portal.mail.reads(ADDRESS)[0].has_subject("Your TechPass password was changed");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_password_link_is_good_for_an_hour_and_a_newer_one_replaces_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ask = async || {
        let visitor = portal.visitor();
        let page = visitor.opens("/sign-in/forgotten").await;
        visitor.fills_in(&page, &[("techpass_id", ID)]).await.is(200);
        portal.delivers().await;
        portal.mail.reads(ADDRESS).remove(0).link("/sign-in/forgotten/")
    };
    let first = ask().await;
    portal.waits(Duration::HOUR - Duration::SECOND);
    let page = portal.visitor().opens(&first).await;
    page.is(200).has_button("Save and log in");
    assert!(page.form().fields.iter().all(|(name, _)| name != "code"), "there is no authenticator yet");
    portal.waits(Duration::SECOND);
    portal.visitor().opens(&first).await.is(410).has_no_form();
    let second = ask().await;
    let third = ask().await;
    portal.visitor().opens(&second).await.is(410);
    let ana = portal.visitor();
    let page = ana.opens(&third).await;
    let answer = ana.fills_in(&page, &[("new_password", PASSWORD), ("repeat_password", PASSWORD)]).await;
    let (_, answer) = sets_up_app(&portal, &ana, &answer).await;
    finishes(&portal, &ana, answer).await.is(200).headed("You have successfully onboarded to TechPass");
    portal.delivers().await;
    portal.mail.reads_all();
    portal.visitor().opens("/sign-in/forgotten/never-was").await.is(404).has_no_form();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_password_link_that_is_dead_leads_to_what_helps(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let page = ana.opens("/sign-in/forgotten").await;
    ana.fills_in(&page, &[("techpass_id", ID)]).await.is(200);
    portal.delivers().await;
    let link = portal.mail.reads(ADDRESS).remove(0).link("/sign-in/forgotten/");
    let page = ana.opens(&link).await;
    let new = [("new_password", PASSWORD), ("repeat_password", PASSWORD)];
    for (status, title, way_on) in
        [("disabled", "Your TechPass is disabled", "/help"), ("terminated", "Your TechPass has ended", "/start")]
    {
        tables::set_status(&database, ADDRESS, status).await;
        for answer in [ana.opens(&link).await, ana.fills_in(&page, &new).await] {
            answer.is(410).titled(title).has_no_form().links_to(way_on).does_not_link_to("/sign-in/forgotten");
        }
    }
    tables::set_status(&database, ADDRESS, "active").await;
    portal.waits(Duration::HOUR);
    let late = ana.opens(&link).await;
    late.is(410).titled("This link no longer works").links_to("/sign-in/forgotten").links_to("/sign-in");
    tables::set_status(&database, ADDRESS, "pending").await;
    portal.waits(Duration::days(30));
    ana.opens(&link).await.is(410).titled("Your TechPass has ended").does_not_link_to("/sign-in/forgotten");
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

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn recovery_codes_are_shown_to_nobody_else_who_signs_in_at_the_same_browser(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    registered_as(&portal, "ben", "ben@vendor.example").await;
    let (shared, elsewhere) = (portal.visitor(), portal.visitor());
    let answer = gives_password(&elsewhere, "ben", INITIAL).await;
    let page = elsewhere.follows(&answer).await;
    let bens = Phone::reads(&page);
    elsewhere.fills_in(&page, &[("code", &bens.shows(&portal))]).await.leads_to("/activate/recovery-codes");
    let answer = gives_password(&shared, ID, INITIAL).await;
    let (_, answer) = sets_up_app(&portal, &shared, &answer).await;
    let anas = shared.follows(&answer).await.texts(".codes code");
    assert_eq!(anas.len(), 10);
    portal.waits(Duration::MINUTE);
    let answer = gives_password(&shared, "ben", INITIAL).await;
    let page = shared.follows(&answer).await;
    let answer = shared.fills_in(&page, &[("code", &bens.shows(&portal))]).await;
    answer.leads_to("/activate/recovery-codes");
    let page = shared.follows(&answer).await;
    page.says("Your codes were shown in another browser");
    assert!(anas.iter().all(|code| !page.body.contains(code.as_str())));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn codes_that_no_longer_work_cannot_be_kept(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let (first, second) = (portal.visitor(), portal.visitor());
    let answer = gives_password(&first, ID, INITIAL).await;
    let (phone, answer) = sets_up_app(&portal, &first, &answer).await;
    let dead = first.follows(&answer).await;
    portal.waits(Duration::MINUTE);
    let answer = gives_password(&second, ID, INITIAL).await;
    let page = second.follows(&answer).await;
    let answer = second.fills_in(&page, &[("code", &phone.shows(&portal))]).await;
    second.fills_in(&second.follows(&answer).await, &[]).await.leads_to("/activate/recovery-codes");
    first.fills_in(&dead, &[]).await.leads_to("/activate/recovery-codes");
    first.opens("/activate/recovery-codes").await.says("Your codes were shown in another browser");
    let alive = second.opens("/activate/recovery-codes").await;
    second.fills_in(&alive, &[]).await.leads_to("/activate/phone");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn recovery_codes_and_authenticators_outlive_a_change_of_the_secret_key(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let (phone, answer) = sets_up_app(&portal, &ana, &answer).await;
    let codes = ana.follows(&answer).await.texts(".codes code");
    finishes(&portal, &ana, answer).await.is(200);
    portal.waits(Duration::MINUTE);
    let settings = [("SECRET_KEY", "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoyMzQ1Njc="), ("SECRET_KEY_PREVIOUS", KEY)];
    let rotated = portal.copy(1, &settings).await;
    let by_app = rotated.visitor();
    let page = by_app.follows(&gives_password(&by_app, ID, PASSWORD).await).await;
    by_app.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
    let by_code = rotated.visitor();
    gives_password(&by_code, ID, PASSWORD).await.leads_to("/sign-in/mfa");
    let page = by_code.opens("/sign-in/recovery").await;
    by_code.fills_in(&page, &[("code", &codes[3])]).await.leads_to("/account");
    rotated.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn whoever_knows_the_password_cannot_keep_the_owner_from_choosing_another(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    let thief = portal.visitor();
    let page = thief.follows(&gives_password(&thief, ID, PASSWORD).await).await;
    for _ in 0..6 {
        thief.fills_in(&page, &[("code", "000000")]).await;
    }
    let ana = portal.visitor();
    let page = ana.opens("/sign-in/forgotten").await;
    ana.fills_in(&page, &[("techpass_id", ID)]).await.is(200);
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    let link = mails
        .iter()
        .find(|mail| mail.subject() == "Choose a new TechPass password")
        .expect("a link")
        .link("/sign-in/forgotten/");
    let page = ana.opens(&link).await;
    let new = "quantum ferry under saffron";
    let fields = [("new_password", new), ("repeat_password", new), ("code", &phone.shows(&portal))];
    ana.fills_in(&page, &fields).await.leads_to("/account");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn wrong_passwords_stand_in_the_trail(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    for _ in 0..3 {
        gives_password(&portal.visitor(), ID, "not it").await.is(422);
    }
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'sign_in_failed'").await, 3);
}
