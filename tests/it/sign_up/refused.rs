//! Whoever belongs elsewhere is told so beside the field that decided it (docs/rules.md §2.3, §2.4).

use sqlx::PgPool;

use crate::support::{Page, Portal, SignUp, tables};

/// Signs up, and checks all that holds for every refusal by rule.
async fn refused(database: &PgPool, email: &str, device: &'static str, field: &str, message: &str) -> Page {
    let portal = Portal::on(database).await;
    let page = portal.visitor().signs_up(SignUp::from(email).on(device).with_seed()).await;
    page.is(422).titled("Error: Sign up").headed("Sign up for TechPass").has_button("Submit");
    assert_eq!(page.errors(), [(field.to_owned(), message.to_owned())]);
    page.has_field_error(field, message);
    page.holds("email", email).holds("device", device).holds("seed", "yes");
    let domain = email.rsplit('@').next().unwrap_or_default();
    page.links_to(&format!("/start/answer?domain={domain}&device={device}&seed=yes"));
    assert!(tables::is_empty(database).await, "a refusal leaves no row");
    assert_eq!(portal.delivers().await, 0);
    page
}

const LITEMAIL: &str = "LiteMail has no inbox for our e-mail. Upgrade to a standard mailbox first";
const PERSONAL: &str = "This is a personal mailbox. Use the e-mail address of your organisation";
const SE_GSIB: &str = "You cannot sign up from an SE GSIB. The service desk makes your account within 3 business days";
const INVITED: &str = "Officers of this agency are invited. Ask your project manager or reporting officer";
const OTHER_DEVICE: &str =
    "You cannot sign up from an Internet Device. Use a non-SE GSIB or a GMD, or ask to be invited";
const OUTSIDE: &str =
    "Only people with a government address sign up here. Ask your project manager or reporting officer to invite you";
const NOT_YET: &str = "We cannot sign in people of this agency yet. The service desk makes your account";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn litemail_is_refused_beside_the_address(database: PgPool) {
    refused(&database, "mei@litemail.gov.sg", "non_se_gsib", "email", LITEMAIL).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_private_mailbox_is_refused_beside_the_address(database: PgPool) {
    refused(&database, "mei@gmail.com", "non_se_gsib", "email", PERSONAL).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_se_gsib_is_refused_beside_the_device(database: PgPool) {
    refused(&database, "mei@tech.gov.sg", "se_gsib", "device", SE_GSIB).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_invite_only_domain_is_refused_beside_the_address(database: PgPool) {
    refused(&database, "mei@mindef.gov.sg", "gmd", "email", INVITED).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_internet_device_is_refused_beside_the_device(database: PgPool) {
    refused(&database, "mei@tech.gov.sg", "internet_device", "device", OTHER_DEVICE).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_outsider_is_refused_beside_the_address(database: PgPool) {
    refused(&database, "ana@vendor.example", "gmd", "email", OUTSIDE).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn another_government_domain_is_refused_beside_the_address(database: PgPool) {
    refused(&database, "mei@notmoe.gov.sg", "gmd", "email", NOT_YET).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_look_alike_of_an_integrated_domain_is_an_outsider(database: PgPool) {
    refused(&database, "mei@moe.gov.sg.attacker.example", "gmd", "email", OUTSIDE).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_is_no_address_is_refused_and_stays_typed(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = portal.visitor().signs_up("méi <mei@tech.gov.sg>").await;
    let message = "Enter only the e-mail address, such as name@tech.gov.sg, without a name and without < and >";
    page.is(422).has_field_error("email", message).holds("email", "méi <mei@tech.gov.sg>");
    let page = portal.visitor().signs_up("méi@tech.gov.sg").await;
    page.is(422).says("we cannot send to international addresses").holds("email", "méi@tech.gov.sg");
    assert!(tables::is_empty(&database).await);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn everything_that_is_wrong_is_said_at_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let form = visitor.opens("/sign-up").await;
    let page = visitor.fills_in(&form, &[]).await;
    page.is(422);
    let fields: Vec<String> = page.errors().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["email", "device"]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_form_of_somebody_refused_can_be_corrected_and_sent_again(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let page = visitor.signs_up("mei@gmail.com").await;
    visitor.fills_in_sign_up(&page, "mei@tech.gov.sg").await.leads_to("/sign-up/done?seed=no");
    super::the_mail(&portal, "mei@tech.gov.sg").await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_refusal_does_not_depend_on_whether_the_address_is_known(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.visitor().signs_up("mei@tech.gov.sg").await;
    super::the_mail(&portal, "mei@tech.gov.sg").await;
    let known = portal.visitor().signs_up(SignUp::from("mei@tech.gov.sg").on("se_gsib")).await;
    let stranger = portal.visitor().signs_up(SignUp::from("ana@tech.gov.sg").on("se_gsib")).await;
    assert_eq!(known.without_nonces(), stranger.without_nonces().replace("ana@", "mei@"));
}
