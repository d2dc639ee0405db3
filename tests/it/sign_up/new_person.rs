//! A person whom nobody knows yet: account, link and e-mails (docs/rules.md §2.6 to §2.9).

use sqlx::PgPool;
use time::Duration;

use super::{mails, the_mail};
use crate::support::{Portal, SignUp, portal::BEGINNING, tables};

const MEI: &str = "mei@tech.gov.sg";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_who_signs_up_is_told_what_happens_next_and_has_a_pending_account(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = portal.visitor();

    let answer = mei.signs_up(MEI).await;

    answer.leads_to("/sign-up/done?seed=no");
    let done = mei.follows(&answer).await;
    done.is(200)
        .titled("Check your e-mail")
        .says("22 Dec 2026")
        .says("junk")
        .says("LiteMail")
        .has_button("Send it again");
    done.does_not_say("SEED").does_not_say(MEI);
    let account = tables::account(&database, MEI).await;
    assert_eq!((account.status.as_str(), account.device.as_deref()), ("pending", Some("non_se_gsib")));
    assert_eq!((account.created_at, account.activation_ends), (BEGINNING, BEGINNING + Duration::days(30)));
    assert_eq!((account.seed_status.as_str(), account.seed_email_expires), ("not_required", None));
    the_mail(&portal, MEI).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_onboarding_e_mail_says_for_whom_what_to_do_and_until_when(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.visitor().signs_up(MEI).await;

    let mail = the_mail(&portal, MEI).await;

    mail.has_subject("Accept your TechPass invitation before 22 Dec 2026");
    mail.says("You asked for a TechPass account for mei@tech.gov.sg")
        .says("valid until 22 Dec 2026, 7:07 pm (Singapore time)");
    assert!(mail.html().contains("22 Dec 2026, 7:07 pm") && mail.html().contains(MEI), "{}", mail.html());
    let link = format!("{}{}", portal.base_url(), mail.link("/accept/"));
    assert_eq!(mail.links().first(), Some(&link), "the link is absolute and alone on its line");
    assert!(mail.html().contains(&format!("href=\"{link}\"")), "{}", mail.html());
    let from = mail.header("From").expect("a sender");
    assert!(from.contains("no-reply@techpass.example"), "{from}");
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_message_id_is_that_of_the_row_in_the_outbox(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.visitor().signs_up(MEI).await;
    let id: String = sqlx::query_scalar("select id::text from outbox").fetch_one(&database).await.expect("a message");
    assert_eq!(the_mail(&portal, MEI).await.message_id(), format!("{id}@techpass.example"));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn links_in_mails_begin_with_the_base_url(database: PgPool) {
    let portal = Portal::with(&database, &[("BASE_URL", "http://portal.example")]).await;
    portal.visitor().signs_up(MEI).await;
    let mail = the_mail(&portal, MEI).await;
    assert!(!mail.links().is_empty());
    for link in mail.links() {
        assert!(link.starts_with("http://portal.example/"), "{link}");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_link_in_the_mail_opens_the_invitation(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.visitor().signs_up(MEI).await;
    let link = the_mail(&portal, MEI).await.link("/accept/");
    portal
        .visitor()
        .opens(&link)
        .await
        .is(200)
        .titled("Accept your TechPass invitation")
        .has_button("Accept invitation");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn whoever_wishes_for_seed_gets_two_e_mails(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = portal.visitor();

    let answer = mei.signs_up(SignUp::from(MEI).with_seed()).await;

    answer.leads_to("/sign-up/done?seed=yes");
    mei.follows(&answer).await.says("Put your device on SEED").says("before 22 Dec 2026");
    let account = tables::account(&database, MEI).await;
    assert_eq!(account.seed_status, "licence_assigned");
    assert_eq!(account.seed_email_expires, Some(BEGINNING + Duration::days(30)));
    let mut mails = mails(&portal, MEI).await;
    mails.sort_by_key(|mail| mail.subject());
    let [onboarding, seed] = mails.as_slice() else { panic!("{} mails", mails.len()) };
    onboarding
        .has_subject("Accept your TechPass invitation before 22 Dec 2026")
        .says("You also asked for SEED. A second e-mail");
    seed.has_subject("Put your device on SEED before 22 Dec 2026").says("valid until 22 Dec 2026, 7:07 pm");
    assert_eq!(seed.links(), [format!("{}/account/seed", portal.base_url())]);
    assert_ne!(onboarding.message_id(), seed.message_id());
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_school_gets_its_account_without_seed_and_is_told_on_the_page_and_in_the_mail(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (tan, visitor) = ("tan@schools.gov.sg", portal.visitor());

    let answer = visitor.signs_up(SignUp::from(tan).with_seed()).await;

    answer.leads_to("/sign-up/done?seed=not-offered");
    visitor.follows(&answer).await.says("SEED cannot be asked for with your e-mail address");
    assert_eq!(tables::account(&database, tan).await.seed_status, "not_required");
    the_mail(&portal, tan).await.says("SEED cannot be asked for here with your e-mail address");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_gmd_and_a_vendor_with_a_government_address_sign_up_alike(database: PgPool) {
    let portal = Portal::on(&database).await;
    let vendor = "peter_from.acme@tech.gov.sg";
    portal.visitor().signs_up(SignUp::from(vendor).on("gmd")).await.leads_to("/sign-up/done?seed=no");
    assert_eq!(tables::account(&database, vendor).await.device.as_deref(), Some("gmd"));
    the_mail(&portal, vendor).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_same_address_in_other_letters_or_with_spaces_around_it_is_the_same_person(database: PgPool) {
    let portal = Portal::on(&database).await;
    for email in ["mei@tech.gov.sg", "Mei@Tech.GOV.sg", "  mei@tech.gov.sg ", "\tMEI@TECH.GOV.SG\n"] {
        portal.visitor().signs_up(email).await.leads_to("/sign-up/done?seed=no");
    }
    assert_eq!(tables::count(&database, "select count(*) from accounts").await, 1);
    the_mail(&portal, MEI).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_sign_up_leaves_an_audit_entry_with_the_reference_of_its_answer(database: PgPool) {
    let portal = Portal::on(&database).await;
    let answer = portal.visitor().signs_up(MEI).await;
    let (event, reference): (String, String) =
        sqlx::query_as("select event, request_id from audit").fetch_one(&database).await.expect("an entry");
    assert_eq!((event.as_str(), Some(reference.as_str())), ("signed_up", answer.header("x-request-id")));
    the_mail(&portal, MEI).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_database_keeps_no_token_and_no_readable_message(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.visitor().signs_up(SignUp::from(MEI).with_seed()).await;
    let mails = mails(&portal, MEI).await;
    let token =
        mails.iter().flat_map(|mail| mail.links()).find_map(|link| Some(link.split_once("/accept/")?.1.to_owned()));
    let token = token.expect("a link with a token");
    for (table, rows) in tables::dump(&database).await {
        let hex = token.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert!(!rows.contains(&token) && !rows.contains(&hex), "the token is in {table}");
        assert!(!rows.contains("/accept/"), "a link is in {table}");
    }
}
