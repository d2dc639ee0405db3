//! My Account: the dates that matter, as a card and for the calendar, and the terms that were accepted (docs/rules.md §4.21, §4.22).

use sha2::{Digest, Sha256};
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Portal, SignUp,
    officers::{self, accepts, accepts_terms, invited, signs_in},
    provider::Persona,
    vendors,
};

const MEI: &str = "mei@tech.gov.sg";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_card_names_each_date_what_happens_and_what_stops_it_the_next_one_first(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, SignUp::from(MEI).with_seed()).await;
    portal.mail.reads_all();
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    accepts_terms(&mei, arrived).await.leads_to("/activate/done");
    let page = mei.opens("/account").await;
    let titles = page.texts(".dates strong");
    assert_eq!(
        titles,
        [
            "Your SEED e-mail runs out",
            "Your TechPass will be disabled",
            "Look through your security",
            "Your TechPass will end"
        ]
    );
    let dates = page.texts(".dates .note");
    assert_eq!(
        dates,
        [
            "22 Dec 2026, 7:07 pm, in 30 days",
            "20 Feb 2027, 7:07 pm, in 90 days",
            "21 May 2027, 7:07 pm, in 180 days",
            "21 May 2027, 7:07 pm, in 180 days",
        ]
    );
    page.says("Log in before then").says("Licence assigned").links_to("/account/deadlines.ics");
    // Signing in moves on what depends on it; the SEED e-mail runs out at its moment.
    portal.waits(Duration::days(30) - Duration::SECOND);
    let again = portal.visitor();
    signs_in(&again, &portal, &Persona::of(MEI)).await.leads_to("/account");
    let page = again.opens("/account").await;
    assert_eq!(
        page.texts(".dates .note")[..2],
        ["22 Dec 2026, 7:07 pm, in less than a day", "22 Mar 2027, 7:06 pm, in 90 days"]
    );
    portal.waits(Duration::SECOND);
    again.opens("/account").await.does_not_say("Your SEED e-mail runs out");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_review_that_is_due_stays_until_it_is_done(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, MEI).await;
    // As if 180 days had passed since, and she had logged in now and then.
    let query = "update accounts set activated_at = activated_at - interval '180 days'";
    sqlx::query(query).execute(&database).await.expect("an update");
    mei.opens("/account").await.says("Due since 22 Nov 2026, 7:07 pm");
    let hub = mei.opens("/account/security").await;
    hub.says("It is time to look again");
    let calendar = mei.opens("/account/deadlines.ics").await;
    assert!(!calendar.body.contains("UID:review-"), "what is past is no date for a calendar");
    let review = hub.form_to("/account/security/review");
    mei.posts(&review.action, &review.fields).await.is(303);
    mei.opens("/account").await.does_not_say("Due since");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_calendar_file_has_the_dates_of_the_card_under_names_that_stay(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, MEI).await;
    let file = mei.opens("/account/deadlines.ics").await;
    assert_eq!(file.is(200).header("content-type"), Some("text/calendar; charset=utf-8"));
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"techpass-dates.ics\""));
    assert_eq!(file.body.matches("BEGIN:VEVENT\r\n").count(), 3);
    let unfolded = file.body.replace("\r\n ", "");
    let uids = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("UID:")).map(str::to_owned).collect()
    };
    for (line, what) in [("DTSTART:20270220T110700Z", "disabled"), ("DTSTART:20270521T110700Z", "ended")] {
        assert!(unfolded.lines().any(|known| known == line), "{line}: {unfolded}");
        assert!(uids(&unfolded).iter().any(|uid| uid.starts_with(&format!("UID:{what}-"))), "{unfolded}");
    }
    assert!(
        unfolded.contains(&format!("URL:{}/account\r\n", portal.app.config.base_url.as_str().trim_end_matches('/')))
    );
    portal.waits(Duration::days(7));
    let later = portal.visitor();
    signs_in(&later, &portal, &Persona::of(MEI)).await.leads_to("/account");
    let moved = later.opens("/account/deadlines.ics").await.body.replace("\r\n ", "");
    assert_eq!(uids(&moved), uids(&unfolded), "a calendar moves the dates that it has");
    assert!(moved.contains("DTSTART:20270227T110700Z"), "{moved}");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_was_accepted_is_shown_word_for_word_and_the_receipt_proves_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = vendors::active(&portal).await;
    let page = ana.opens("/account/terms").await;
    page.is(200).says("Privacy Policy, version 1").says("Terms of Use, version 1").does_not_say("MDM Acceptable");
    page.says("You accepted it on 22 Nov 2026").says("What we keep").links_to("/account/terms/receipt");
    let receipt = ana.opens("/account/terms/receipt").await;
    assert_eq!(receipt.is(200).header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(receipt.header("content-disposition"), Some("attachment; filename=\"techpass-terms-receipt.txt\""));
    for line in ["Name:        Ana Limbang", "TechPass ID: ana.lim@techpass.gov.sg"] {
        assert!(receipt.body.lines().any(|known| known == line), "{}", receipt.body);
    }
    // Whoever has the receipt can make the hash again.
    let dashes = format!("{}\n", "-".repeat(80));
    let parts: Vec<&str> = receipt.body.split(&dashes).collect();
    assert_eq!(parts.len(), 5, "{}", receipt.body);
    for document in parts[..4].chunks(2) {
        let hash: String = Sha256::digest(document[1].as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(document[0].contains(&format!("SHA-256:     {hash}\n")), "{}", receipt.body);
        assert!(document[0].contains("Version:     1, in force since 1 Nov 2026"), "{}", document[0]);
        assert!(document[0].contains("2026-11-22T11:07:00Z"), "{}", document[0]);
        assert!(page.body.contains(&hash));
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_older_version_stays_as_it_was_accepted(database: PgPool) {
    let portal = Portal::on(&database).await;
    officers::active(&portal, MEI).await;
    let query = "insert into terms (document, version, title, content, hash, effective_at)
                 values ('privacy', 2, 'Privacy Policy', $1, sha256(convert_to($1, 'UTF8')), $2)";
    let text = "Everything is <script>new</script> here.\n";
    sqlx::query(query).bind(text).bind(portal.now()).execute(&database).await.expect("a version");
    portal.learns_what_changed().await;
    portal.waits(Duration::MINUTE);
    let mei = portal.visitor();
    let answer = signs_in(&mei, &portal, &Persona::of(MEI)).await;
    accepts_terms(&mei, answer).await.leads_to("/account");
    let page = mei.opens("/account/terms").await;
    let headings = page.texts("main > h2");
    assert_eq!(headings, ["Privacy Policy, version 2", "Privacy Policy, version 1", "Terms of Use, version 1"]);
    let receipt = mei.opens("/account/terms/receipt").await.body;
    assert!(receipt.contains(text) && receipt.contains("What we keep"), "{receipt}");
}
