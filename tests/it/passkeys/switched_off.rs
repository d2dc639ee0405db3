//! Where the portal's address is no name, there are no passkeys, and nothing offers them.

use sqlx::PgPool;

use crate::support::{
    Portal,
    passkeys::{PASSKEYS, confirms, has_one},
    vendors::{ADDRESS, ID, PASSWORD, active, gives_password},
};

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn at_an_ip_address_nothing_offers_them_and_their_page_says_why(database: PgPool) {
    let named = Portal::on(&database).await;
    let (_, phone) = active(&named).await;
    has_one(&named, ADDRESS).await;
    let portal = named.copy(1, &[("BASE_URL", "http://127.0.0.1:8080")]).await;
    let ana = portal.visitor();
    let page = ana.opens("/sign-in").await;
    assert!(!page.body.contains("passkey"), "{}", page.body);
    let csrf = page.form().fields.into_iter().find(|(name, _)| name == "csrf").expect("a token");
    for address in ["/sign-in/passkey", "/sign-in/passkey/options"] {
        ana.posts(address, std::slice::from_ref(&csrf)).await.is(404);
    }
    let signed_in = portal.visitor();
    let answer = gives_password(&signed_in, ID, PASSWORD).await;
    let page = signed_in.follows(&answer).await;
    assert!(!page.body.contains("passkey"), "{}", page.body);
    signed_in.fills_in(&page, &[("code", &phone.shows(&named))]).await.leads_to("/account");
    confirms(&portal, ADDRESS).await;
    let page = signed_in.opens(PASSKEYS).await;
    page.is(200).says("Passkeys are switched off here").says("PORTAL_BASE_URL=http://localhost:8080").has_no_form();
    assert!(!signed_in.opens("/activate/done").await.links().contains(&PASSKEYS.to_owned()));
}
