//! Adding, renaming and removing passkeys.

use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Page, Portal, Visitor,
    passkeys::{ADDED, Device, PASSKEYS, adds, asks, confirms, has_one, options, sends},
    tables,
    vendors::{ADDRESS, active, registered_as},
};

const REMOVED: &str = "/account/security/passkeys?done=removed";

/// Ana, who has just proved anew who she is.
async fn ana(portal: &Portal) -> Visitor {
    let (ana, _) = active(portal).await;
    confirms(portal, ADDRESS).await;
    ana
}

/// What somebody has whose form was refused.
async fn refused(visitor: &Visitor, page: &Page, credential: &str, message: &str) {
    sends(visitor, page, PASSKEYS, credential).await.is(422).has_field_error("passkey", message);
}

const LATE: &str = "This took too long, or it was sent twice. Try again";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_passkey_is_added_renamed_and_removed_and_the_owner_is_told(database: PgPool) {
    let portal = Portal::on(&database).await;
    let ana = ana(&portal).await;
    ana.opens(PASSKEYS).await.is(200).titled("Passkeys").says("You have no passkey yet");
    adds(&portal, &ana).await;
    let page = ana.opens(PASSKEYS).await;
    page.says("An unknown browser").says("Added 22 Nov 2026, 7:08 pm").says("not used yet");
    let links = page.links();
    let rename = links.iter().find(|link| link.starts_with(PASSKEYS) && !link.ends_with("/remove")).expect("a link");
    let page = ana.opens(rename).await;
    page.is(200).titled("Rename a passkey").holds("name", "An unknown browser");
    ana.fills_in(&page, &[("name", " ")])
        .await
        .is(422)
        .has_field_error("name", "Give the passkey a name, such as Work laptop");
    ana.fills_in(&page, &[("name", " Work  laptop ")]).await.leads_to("/account/security/passkeys?done=renamed");
    ana.opens(PASSKEYS).await.says("Work laptop");
    let page = ana.opens(&format!("{rename}/remove")).await;
    page.is(200).titled("Remove a passkey").says("Work laptop").has_button("Remove this passkey");
    ana.fills_in(&page, &[]).await.leads_to(REMOVED);
    ana.fills_in(&page, &[]).await.leads_to(REMOVED);
    ana.opens(PASSKEYS).await.says("You have no passkey yet");
    ana.opens(rename).await.is(404);
    portal.delivers().await;
    let subjects: Vec<String> = portal.mail.reads(ADDRESS).iter().map(|mail| mail.subject()).collect();
    assert_eq!(subjects.len(), 2, "{subjects:?}");
    assert!(subjects.contains(&"A passkey was added to your TechPass".to_owned()), "{subjects:?}");
    assert!(subjects.contains(&"A passkey was removed from your TechPass".to_owned()), "{subjects:?}");
    ana.opens("/account/security").await.says("A passkey was added").says("A passkey was removed");
    let trail = "select count(*) from audit where event in ('passkey_added', 'passkey_renamed', 'passkey_removed')";
    assert_eq!(tables::count(&database, trail).await, 3);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nobody_sees_or_changes_passkeys_without_proving_anew_who_they_are(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let (_, id) = has_one(&portal, ADDRESS).await;
    let one = format!("{PASSKEYS}/{id}");
    for address in [PASSKEYS, &one, &format!("{one}/remove")] {
        let answer = ana.opens(address).await;
        assert!(answer.location().is_some_and(|to| to.starts_with("/account/security/confirm?next=")), "{address}");
    }
    confirms(&portal, ADDRESS).await;
    ana.opens(PASSKEYS).await.is(200);
    portal.waits(Duration::minutes(10));
    ana.opens(PASSKEYS).await.leads_to("/account/security/confirm?next=%2Faccount%2Fsecurity%2Fpasskeys");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_passkey_is_asked_for_once_and_its_answer_counts_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let ana = ana(&portal).await;
    let page = ana.opens(PASSKEYS).await;
    let question = options(&asks(&ana, &page, PASSKEYS).await);
    let credential = Device::at(&portal).makes(&question).await;
    sends(&ana, &page, PASSKEYS, &credential).await.leads_to(ADDED);
    // A reload of the answer, or a second click: it is there.
    sends(&ana, &page, PASSKEYS, &credential).await.leads_to(ADDED);
    let again = Device::at(&portal).makes(&question).await;
    refused(&ana, &page, &again, LATE).await;
    assert_eq!(tables::count(&database, "select count(*) from passkeys").await, 1);
    portal.delivers().await;
    assert_eq!(portal.mail.reads(ADDRESS).len(), 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_answer_to_another_question_or_after_five_minutes_is_refused(database: PgPool) {
    let portal = Portal::on(&database).await;
    let ana = ana(&portal).await;
    let page = ana.opens(PASSKEYS).await;
    let mut question = options(&asks(&ana, &page, PASSKEYS).await);
    let right = question["challenge"].clone();
    question["challenge"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into();
    refused(&ana, &page, &Device::at(&portal).makes(&question).await, LATE).await;
    question["challenge"] = right;
    let credential = Device::at(&portal).makes(&question).await;
    portal.waits(Duration::minutes(5) - Duration::SECOND);
    let second = options(&asks(&ana, &page, PASSKEYS).await);
    portal.waits(Duration::SECOND);
    refused(&ana, &page, &credential, LATE).await;
    portal.waits(Duration::minutes(5) - Duration::seconds(2));
    confirms(&portal, ADDRESS).await;
    let credential = Device::at(&portal).makes(&second).await;
    sends(&ana, &page, PASSKEYS, &credential).await.leads_to(ADDED);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_answer_that_somebody_else_was_asked_for_is_refused(database: PgPool) {
    let portal = Portal::on(&database).await;
    let ana = ana(&portal).await;
    let mei = crate::support::officers::active(&portal, "mei@tech.gov.sg").await;
    confirms(&portal, "mei@tech.gov.sg").await;
    let page = mei.opens(PASSKEYS).await;
    let credential = Device::at(&portal).makes(&options(&asks(&mei, &page, PASSKEYS).await)).await;
    refused(&ana, &ana.opens(PASSKEYS).await, &credential, LATE).await;
    sends(&mei, &page, PASSKEYS, &credential).await.leads_to(ADDED);
    // And a passkey that is registered already, even where it was asked for.
    let question = options(&asks(&ana, &ana.opens(PASSKEYS).await, PASSKEYS).await);
    let mut device = Device::at(&portal);
    let credential = device.makes(&question).await;
    let taken: Vec<u8> =
        sqlx::query_scalar("select credential_id from passkeys").fetch_one(&database).await.expect("one");
    let ours: Vec<u8> = crate::support::passkeys::credential_id(&credential);
    sqlx::query("update passkeys set credential_id = $2 where credential_id = $1")
        .bind(taken)
        .bind(ours)
        .execute(&database)
        .await
        .expect("an update");
    let message = "This passkey is in use already. Choose another device or another place to keep it";
    refused(&ana, &ana.opens(PASSKEYS).await, &credential, message).await;
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_device_that_did_not_check_who_holds_it_and_a_form_without_an_answer_are_refused(database: PgPool) {
    let portal = Portal::on(&database).await;
    let ana = ana(&portal).await;
    let page = ana.opens(PASSKEYS).await;
    let mut question = options(&asks(&ana, &page, PASSKEYS).await);
    question["authenticatorSelection"]["userVerification"] = "discouraged".into();
    let credential = Device::at(&portal).makes(&question).await;
    let message = "Your device did not check that it is you. Try again, and unlock it when it asks you to";
    refused(&ana, &page, &credential, message).await;
    let message = "Your browser sent no passkey. Try again, in a browser that has scripts switched on";
    for nothing in ["", "{}", "not JSON"] {
        refused(&ana, &page, nothing, message).await;
    }
    let mut fields = page.form_to(PASSKEYS).fields;
    fields.iter_mut().for_each(|(name, value)| {
        if name == "name" {
            value.clear()
        }
    });
    ana.posts(PASSKEYS, &fields).await.is(422).has_field_error("name", "Give the passkey a name, such as Work laptop");
    assert_eq!(tables::count(&database, "select count(*) from passkeys").await, 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_account_has_ten_passkeys_at_most(database: PgPool) {
    let portal = Portal::on(&database).await;
    let ana = ana(&portal).await;
    for _ in 0..9 {
        has_one(&portal, ADDRESS).await;
    }
    let page = ana.opens(PASSKEYS).await;
    let early = options(&asks(&ana, &page, PASSKEYS).await);
    assert_eq!(early["excludeCredentials"].as_array().map(Vec::len), Some(9), "no device makes a second one");
    adds(&portal, &ana).await;
    let eleventh = Device::at(&portal).makes(&early).await;
    let message = "You have 10 passkeys, and can have no more. Remove one first";
    refused(&ana, &page, &eleventh, message).await;
    asks(&ana, &page, PASSKEYS).await.is(204);
    refused(&ana, &page, "", message).await;
    ana.opens(PASSKEYS).await.says(message).has_no_form();
    assert_eq!(tables::count(&database, "select count(*) from passkeys").await, 10);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_last_second_factor_stays(database: PgPool) {
    let portal = Portal::on(&database).await;
    let ana = ana(&portal).await;
    let (_, id) = has_one(&portal, ADDRESS).await;
    let remove = format!("{PASSKEYS}/{id}/remove");
    let open = ana.opens(&remove).await;
    sqlx::query("delete from authenticators").execute(&database).await.expect("no app");
    ana.fills_in(&open, &[]).await.is(422).says("Add another passkey or an authenticator app first").has_no_form();
    ana.opens(&remove).await.is(200).has_no_form().links_to(PASSKEYS);
    adds(&portal, &ana).await;
    ana.fills_in(&open, &[]).await.leads_to(REMOVED);
    assert_eq!(tables::count(&database, "select count(*) from passkeys").await, 1);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn somebody_else_s_passkey_is_none(database: PgPool) {
    let portal = Portal::on(&database).await;
    let ana = ana(&portal).await;
    has_one(&portal, ADDRESS).await;
    registered_as(&portal, "ben", "ben@vendor.example").await;
    let (_, bens) = has_one(&portal, "ben@vendor.example").await;
    let page = ana.opens(PASSKEYS).await;
    let csrf = page.form().fields.into_iter().find(|(name, _)| name == "csrf").expect("a token");
    let one = format!("{PASSKEYS}/{bens}");
    for address in [one.clone(), format!("{one}/remove"), format!("{PASSKEYS}/nonsense")] {
        ana.opens(&address).await.is(404);
    }
    ana.posts(&one, &[csrf.clone(), ("name".to_owned(), "Mine".to_owned())]).await.is(404);
    ana.posts(&format!("{one}/remove"), &[csrf]).await.leads_to(REMOVED);
    let bens = "select count(*) from passkeys where name = 'Security key'";
    assert_eq!(tables::count(&database, bens).await, 2);
}
