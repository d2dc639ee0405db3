//! Two who change one account at once take turns, in whatever order they come (docs/architecture.md, "Who is at the other end").

use std::future::Future;

use futures_util::future::join;
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Page, Portal, Visitor, tables,
    vendors::{
        ADDRESS, ID, PASSWORD, active, active_as, adds_another_app, confirms_on_the_way_to, gives_password, signs_in,
    },
};

const SECURED: &str = "select count(*) from audit where event = 'not_me'";
const APPS: &str = "/account/security/authenticators";
const NEW: &str = "quantum ferry under saffron";
const OTHER_NEW: &str = "velvet harbour counts pigeons";

/// Holds the first one up where it writes into the trail, which is after its first lock and before its last; then the second one
/// comes, and both go on.
async fn one_after_the_other<A, B>(
    database: &PgPool,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let mut holding = database.begin().await.expect("a transaction");
    sqlx::query("lock table audit in share mode").execute(&mut *holding).await.expect("a lock");
    let (first, (second, ())) = join(first, async {
        tables::are_waiting(database, 1).await;
        join(second, async {
            tables::are_waiting(database, 2).await;
            holding.rollback().await.expect("an end");
        })
        .await
    })
    .await;
    (first, second)
}

/// Types the passwords of a change into the form.
async fn changes(visitor: &Visitor, page: &Page, new: &str) -> Page {
    let fields = [("current_password", PASSWORD), ("new_password", new), ("repeat_password", new)];
    visitor.fills_in(page, &fields).await
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_code_lets_in_while_its_app_is_being_removed(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    confirms_on_the_way_to("/account/security/authenticators/new", &portal, &ana, &phone).await;
    let second_phone = adds_another_app(&portal, &ana).await;
    portal.waits(Duration::seconds(30));
    let newest = "select id::text from authenticators order by created_at desc limit 1";
    let newest: String = sqlx::query_scalar(newest).fetch_one(&database).await.expect("an app");
    let removal = ana.opens(&format!("{APPS}/{newest}/remove")).await;
    let elsewhere = portal.visitor();
    let page = elsewhere.follows(&gives_password(&elsewhere, ID, PASSWORD).await).await;
    let code = second_phone.shows(&portal);
    let fields = [("code", code.as_str())];
    let (let_in, removed) =
        one_after_the_other(&database, elsewhere.fills_in(&page, &fields), ana.fills_in(&removal, &[])).await;
    let_in.leads_to("/account");
    removed.leads_to(&format!("{APPS}?done=removed"));
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 1);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_password_is_changed_while_the_owner_says_that_something_was_not_them(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (thief, _) = active(&portal).await;
    tables::put_not_me_link(&database, ADDRESS, "token", portal.now()).await;
    let owner = portal.visitor();
    let (form, button) = (thief.opens("/account/security/password").await, owner.opens("/not-me/token").await);
    let (changed, secured) =
        one_after_the_other(&database, changes(&thief, &form, NEW), owner.fills_in(&button, &[])).await;
    changed.leads_to("/account/security?done=password");
    secured.leads_to("/not-me/token/done");
    thief.opens("/account").await.is(303);
    assert_eq!(tables::count(&database, "select count(*) from passwords").await, 0, "nor does the new one let in");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn whoever_gives_the_old_password_while_it_is_being_changed_is_out_again(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let form = ana.opens("/account/security/password").await;
    let elsewhere = portal.visitor();
    let (let_in, changed) =
        one_after_the_other(&database, gives_password(&elsewhere, ID, PASSWORD), changes(&ana, &form, NEW)).await;
    let_in.leads_to("/sign-in/mfa");
    changed.leads_to("/account/security?done=password");
    // Whoever got so far with the old password gets no further.
    elsewhere.opens("/sign-in/mfa").await.is(303);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn of_two_new_passwords_at_once_one_counts_and_the_other_one_is_told_so(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let there = signs_in(&portal, ID, &phone).await;
    let (form, form_there) =
        (ana.opens("/account/security/password").await, there.opens("/account/security/password").await);
    let (first, second) =
        one_after_the_other(&database, changes(&ana, &form, NEW), changes(&there, &form_there, OTHER_NEW)).await;
    first.leads_to("/account/security?done=password");
    let wrong = "This is not the password that you log in with now";
    second.is(422).has_field_error("current_password", wrong);
    there.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    gives_password(&portal.visitor(), ID, OTHER_NEW).await.is(422);
    gives_password(&portal.visitor(), ID, PASSWORD).await.is(422);
    gives_password(&portal.visitor(), ID, NEW).await.leads_to("/sign-in/mfa");
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'password_chosen'").await, 2);
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS).into_iter();
    assert_eq!(mails.filter(|mail| mail.subject() == "Your TechPass password was changed").count(), 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_double_click_on_it_was_not_me_secures_the_account_once_and_neither_answer_is_an_error(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    tables::put_not_me_link(&database, ADDRESS, "token", portal.now()).await;
    let by_mail = ana.opens("/not-me/token").await;
    let (first, second) =
        one_after_the_other(&database, ana.fills_in(&by_mail, &[]), ana.fills_in(&by_mail, &[])).await;
    first.leads_to("/not-me/token/done");
    second.is(410).titled("You have told us already").links_to("/not-me/token/done");
    assert_eq!(tables::count(&database, SECURED).await, 1);

    portal.delivers().await;
    let (ben, _) = active_as(&portal, "ben", "ben@vendor.example").await;
    let lately = ben.opens("/account/security/not-me").await;
    let (first, second) = one_after_the_other(&database, ben.fills_in(&lately, &[]), ben.fills_in(&lately, &[])).await;
    ben.opens(first.location().expect("a page")).await.is(200).headed("We have secured your account");
    second.leads_to("/sign-in");
    assert_eq!(tables::count(&database, SECURED).await, 2);
    portal.delivers().await;
    let mails = portal.mail.reads_all();
    assert_eq!(mails.iter().filter(|mail| mail.subject() == "We have secured your TechPass").count(), 2);
}
