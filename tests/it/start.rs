//! Which way is mine? (docs/rules.md §1)

use sqlx::PgPool;

use crate::support::{Page, Portal};

async fn answered(portal: &Portal, email: &str, device: &str, seed: &str) -> Page {
    let visitor = portal.visitor();
    let form = visitor.opens("/start").await;
    let answer = visitor.fills_in(&form, &[("email", email), ("device", device), ("seed", seed)]).await;
    let domain = email.rsplit('@').next().unwrap_or_default().to_lowercase();
    answer.leads_to(&format!("/start/answer?domain={domain}&device={device}&seed={seed}"));
    visitor.follows(&answer).await
}

/// The answer, and the rule it names.
fn decided(page: &Page, rule: &str) {
    page.is(200);
    assert_eq!(page.deciding_rule(), rule, "{}", page.main_text());
}

fn leads_to_neither(page: &Page) {
    page.does_not_link_to("/sign-up").does_not_link_to("/help");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn litemail_needs_a_standard_mailbox_first(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = answered(&portal, "mei@litemail.gov.sg", "non_se_gsib", "no").await;
    decided(&page, "E2");
    page.titled("You need a standard mailbox first").says("Upgrade your LiteMail account");
    leads_to_neither(&page);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_private_mailbox_is_told_to_use_the_organisation_s(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = answered(&portal, "mei@gmail.com", "gmd", "no").await;
    decided(&page, "E3");
    page.titled("Use the address of your organisation").says("gmail.com is a mail provider for private persons");
    leads_to_neither(&page);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_se_gsib_is_sent_to_the_service_desk_with_the_day_of_its_answer(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = answered(&portal, "mei@tech.gov.sg", "se_gsib", "yes").await;
    decided(&page, "E4");
    // Asked on a Sunday evening: Monday, Tuesday, Wednesday.
    page.says("Create TechPass account for Secured Email GSIB users").says("By 25 Nov 2026: 3 business days");
    page.says("An SE GSIB cannot be put on SEED").links_to("/help").does_not_link_to("/sign-up");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_of_an_invite_only_domain_asks_to_be_invited(database: PgPool) {
    let portal = Portal::on(&database).await;
    for domain in ["mindef.gov.sg", "dsta.gov.sg", "dsta-wog.gov.sg", "defence.gov.sg", "gebiz.gov.sg", "sps.gov.sg"] {
        let page = answered(&portal, &format!("mei@{domain}"), "non_se_gsib", "no").await;
        decided(&page, "E5");
        page.titled("Ask to be invited").says("before 27 Nov 2026").says("before 22 Dec 2026");
        leads_to_neither(&page);
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_of_an_integrated_domain_signs_up(database: PgPool) {
    let portal = Portal::on(&database).await;
    for (email, device) in [
        ("mei@tech.gov.sg", "non_se_gsib"),
        ("mei@tech.gov.sg", "gmd"),
        ("mei@lab.tech.gov.sg", "gmd"),
        ("Mei@TECH.gov.sg", "non_se_gsib"),
        ("peter_from.acme@tech.gov.sg", "non_se_gsib"),
    ] {
        let page = answered(&portal, email, device, "no").await;
        decided(&page, "E6");
        page.titled("You can sign up yourself").says("Signed up today: before 22 Dec 2026");
        page.links_to("/sign-up").does_not_link_to("/help").does_not_say("SEED e-mail");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn whoever_wishes_for_seed_is_told_how_long_its_e_mail_is_valid(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = answered(&portal, "mei@tech.gov.sg", "non_se_gsib", "yes").await;
    decided(&page, "E6");
    page.says("The SEED e-mail comes at once and is valid for 30 days. Signed up today: before 22 Dec 2026");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_school_signs_up_without_seed_and_is_told_so(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = answered(&portal, "mei@schools.gov.sg", "non_se_gsib", "yes").await;
    decided(&page, "E6");
    page.says("SEED cannot be asked for with an address of schools.gov.sg").links_to("/sign-up");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_internet_device_is_told_to_use_another_one_or_be_invited(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = answered(&portal, "mei@tech.gov.sg", "internet_device", "no").await;
    decided(&page, "E7");
    page.titled("Use another device, or be invited").says("before 22 Dec 2026");
    leads_to_neither(&page);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_vendor_asks_the_project_manager(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = answered(&portal, "ana@vendor.example", "internet_device", "yes").await;
    decided(&page, "E8");
    page.says("Ask your project manager or reporting officer").says("Sent today: before 22 Dec 2026");
    leads_to_neither(&page);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn any_other_government_domain_is_sent_to_the_service_desk(database: PgPool) {
    let portal = Portal::on(&database).await;
    for domain in ["gov.sg", "other.gov.sg", "x.mindef.gov.sg"] {
        let page = answered(&portal, &format!("mei@{domain}"), "gmd", "no").await;
        decided(&page, "E9");
        page.says("By 25 Nov 2026: 3 business days").links_to("/help").does_not_link_to("/sign-up");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_gives_a_techpass_id_is_told_to_log_in_with_it_or_to_ask_the_service_desk(database: PgPool) {
    let portal = Portal::on(&database).await;
    for seed in ["no", "yes"] {
        let page = answered(&portal, "ana@techpass.gov.sg", "gmd", seed).await;
        decided(&page, "E9");
        page.titled("This is a TechPass ID, not a mailbox").links_to("/sign-in").links_to("/help");
        page.says("you have TechPass already").does_not_say("makes the account").does_not_link_to("/sign-up");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_domain_that_only_looks_like_one_of_ours_is_a_stranger(database: PgPool) {
    let portal = Portal::on(&database).await;
    for (domain, rule) in [
        ("notmoe.gov.sg", "E9"),
        ("not-moe.gov.sg", "E9"),
        ("notmindef.gov.sg", "E9"),
        ("moe.gov.sg.attacker.example", "E8"),
        ("evilmoe.gov.sg.attacker.example", "E8"),
        ("tech.gov.sg.com", "E8"),
        ("tech-gov.sg", "E8"),
        ("evilgov.sg", "E8"),
        ("notgmail.com", "E8"),
        ("gmail.com.attacker.example", "E8"),
        ("xn--tch-uia.gov.sg", "E9"),
    ] {
        let page = answered(&portal, &format!("mei@{domain}"), "non_se_gsib", "no").await;
        decided(&page, rule);
        page.does_not_link_to("/sign-up");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn dates_follow_the_clock(database: PgPool) {
    let portal = Portal::on(&database).await;
    // 16:30 UTC is half past midnight of the next day in Singapore.
    portal.waits(time::Duration::days(31) + time::Duration::minutes(5 * 60 + 23));
    let page = answered(&portal, "mei@other.gov.sg", "gmd", "no").await;
    // Thursday 24 December: Friday is Christmas, then a weekend.
    page.says("By 30 Dec 2026: 3 business days");
    let page = answered(&portal, "mei@tech.gov.sg", "gmd", "no").await;
    page.says("before 23 Jan 2027");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_is_no_address_is_refused_beside_the_field_and_stays_typed(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let long = format!("{}@{}.tech.gov.sg", "a".repeat(64), ["b".repeat(60).as_str(); 3].join("."));
    for (email, message) in [
        ("", "Enter an e-mail address, such as name@tech.gov.sg"),
        ("mei", "Enter the whole e-mail address, with its @ sign, such as name@tech.gov.sg"),
        ("mei@tech.gov.sg, ana@tech.gov.sg", "Enter one e-mail address only, with one @ sign"),
        (
            "<b>mei</b>@tech.gov.sg",
            "Enter only the e-mail address, such as name@tech.gov.sg, without a name and without < and >",
        ),
        (
            "méi@tech.gov.sg",
            "Enter the plain form of the e-mail address, with the letters a to z only: we cannot send to international addresses",
        ),
        (long.as_str(), "Enter an e-mail address of 256 characters or fewer"),
    ] {
        let form = visitor.opens("/start").await;
        let page = visitor.fills_in(&form, &[("email", email), ("device", "gmd"), ("seed", "yes")]).await;
        page.is(422).titled("Error: Which way is mine?").has_field_error("email", message);
        page.holds("email", email).holds("device", "gmd").holds("seed", "yes");
        assert!(!page.body.contains("<b>mei"), "{}", page.body);
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_question_without_a_device_is_asked_again(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let form = visitor.opens("/start").await;
    let page = visitor.fills_in(&form, &[("email", "mei@tech.gov.sg"), ("device", "abacus")]).await;
    page.is(422).has_field_error("device", "Choose the device that you want to use").holds("email", "mei@tech.gov.sg");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_address_of_256_characters_is_long_enough_and_not_too_long(database: PgPool) {
    let portal = Portal::on(&database).await;
    let labels = [60, 60, 60].map(|length| "b".repeat(length)).join(".");
    let email = format!("{}@{labels}.{}.sg", "a".repeat(60), "c".repeat(9));
    assert_eq!(email.len(), 256);
    let page = answered(&portal, &email, "gmd", "no").await;
    decided(&page, "E8");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_answer_s_address_names_no_person(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let form = visitor.opens("/start").await;
    let answer = visitor.fills_in(&form, &[("email", "mei.lin@tech.gov.sg"), ("device", "gmd"), ("seed", "yes")]).await;
    let address =
        answer.leads_to("/start/answer?domain=tech.gov.sg&device=gmd&seed=yes").location().expect("an address");
    let colleague = portal.visitor().opens(address).await;
    colleague.is(200).does_not_say("mei.lin");
    assert!(!colleague.body.contains("mei.lin"));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn half_an_address_leads_back_to_the_question(database: PgPool) {
    let portal = Portal::on(&database).await;
    for query in [
        "",
        "?",
        "?domain=tech.gov.sg",
        "?device=gmd",
        "?domain=tech.gov.sg&device=abacus",
        "?domain=&device=gmd&seed=yes",
        "?domain=%3Cscript%3E&device=gmd",
        "?domain=tech.gov.sg&domain=moe.gov.sg&device=gmd",
        "?domain=%FF&device=gmd",
    ] {
        portal.visitor().opens(&format!("/start/answer{query}")).await.leads_to("/start");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn how_to_tell_the_laptops_apart_stands_beside_the_question(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = portal.visitor().opens("/start").await;
    page.is(200).titled("Which way is mine?").has_button("Show my way").says("A PS-Card: it is an SE GSIB");
    page.says("A BitLocker PIN: it is a non-SE GSIB");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn asking_leaves_no_row_anywhere(database: PgPool) {
    let portal = Portal::on(&database).await;
    let before = crate::support::tables::dump(&database).await;
    answered(&portal, "mei@tech.gov.sg", "gmd", "yes").await;
    assert_eq!(crate::support::tables::dump(&database).await, before);
}
