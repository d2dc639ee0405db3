//! Many equal sign-ups at the same time make one account and one e-mail of each kind (docs/rules.md §2.10).

use futures_util::future::join_all;
use sqlx::PgPool;
use time::Duration;

use super::mails;
use crate::support::{Portal, SignUp, tables};

const MEI: &str = "mei@tech.gov.sg";
const TIMES: usize = 50;

/// Posts the same form fifty times at once; each must be answered like the first. A machine that is too busy may say 503, "send
/// it again, nothing is done twice": then it is sent again.
async fn posts_at_once(portal: &Portal, sign_up: &SignUp, proofs: &[String]) {
    let visitor = portal.visitor();
    let form = visitor.opens("/sign-up").await;
    let posts = proofs.iter().map(async |proof| {
        for _ in 0..TIMES {
            let answer = visitor.fills_in_sign_up(&form, sign_up.clone().with_proof(proof)).await;
            if answer.status != 503 {
                return answer;
            }
        }
        panic!("the database does not answer at all");
    });
    let answers = join_all(posts).await;
    assert_eq!(answers.len(), TIMES);
    for answer in answers {
        answer.leads_to(&format!("/sign-up/done?seed={}", sign_up.seed));
    }
}

async fn own_proofs(portal: &Portal) -> Vec<String> {
    let visitor = portal.visitor();
    let mut proofs = Vec::new();
    for _ in 0..TIMES {
        proofs.push(visitor.proves().await);
    }
    proofs
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn fifty_clicks_on_submit_make_one_account_and_one_mail(database: PgPool) {
    let portal = Portal::on(&database).await;
    let proof = portal.visitor().proves().await;
    posts_at_once(&portal, &SignUp::from(MEI), &vec![proof; TIMES]).await;
    assert_eq!(tables::account(&database, MEI).await.status, "pending");
    assert_eq!(mails(&portal, MEI).await.len(), 1);
    assert_eq!(tables::count(&database, "select count(*) from tokens").await, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn fifty_equal_forms_with_a_proof_each_make_one_account_and_one_mail(database: PgPool) {
    let portal = Portal::on(&database).await;
    let proofs = own_proofs(&portal).await;
    posts_at_once(&portal, &SignUp::from(MEI), &proofs).await;
    assert_eq!(tables::account(&database, MEI).await.status, "pending");
    assert_eq!(mails(&portal, MEI).await.len(), 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn fifty_equal_wishes_for_seed_make_one_mail_of_each_kind(database: PgPool) {
    let portal = Portal::on(&database).await;
    let proofs = own_proofs(&portal).await;
    posts_at_once(&portal, &SignUp::from(MEI).with_seed(), &proofs).await;
    assert_eq!(tables::account(&database, MEI).await.seed_status, "licence_assigned");
    assert_eq!(mails(&portal, MEI).await.len(), 2);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn fifty_repeats_of_a_known_person_send_the_invitation_again_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.visitor().signs_up(MEI).await;
    assert_eq!(mails(&portal, MEI).await.len(), 1);
    portal.waits(Duration::MINUTE);
    let proofs = own_proofs(&portal).await;
    posts_at_once(&portal, &SignUp::from(MEI), &proofs).await;
    assert_eq!(mails(&portal, MEI).await.len(), 1);
    assert_eq!(tables::count(&database, "select count(*) from tokens").await, 2);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn fifty_sign_ups_after_day_30_replace_the_account_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.visitor().signs_up(MEI).await;
    assert_eq!(mails(&portal, MEI).await.len(), 1);
    portal.waits(Duration::days(30));
    let proofs = own_proofs(&portal).await;
    posts_at_once(&portal, &SignUp::from(MEI), &proofs).await;
    let statuses: Vec<String> =
        tables::accounts(&database, MEI).await.into_iter().map(|account| account.status).collect();
    assert_eq!(statuses, ["terminated", "pending"]);
    assert_eq!(mails(&portal, MEI).await.len(), 1);
}
