//! The dates that matter to an account: the card on My Account, and the file for one's calendar (docs/rules.md §4.21).

use axum::{extract::State, response::Response};
use time::{Duration, OffsetDateTime};

use crate::{
    app::App,
    domain::{
        deadlines::{self, Deadline, Facts, What},
        moment,
        person::Person,
    },
    store::profiles::{self, Profile},
    web::{
        addresses,
        calendar::{self, Entry},
        error::WebError,
        page,
        session::SignedIn,
    },
};

/// A date, as people read it.
pub struct Date {
    /// What it is for.
    pub what: What,
    /// When.
    pub at: String,
    /// Whether it has come.
    pub is_due: bool,
    /// How many days are left, in words.
    pub left: String,
}

impl Date {
    /// A deadline, as people read it at this moment.
    pub fn of(deadline: Deadline, now: OffsetDateTime) -> Self {
        let left = deadline.at - now;
        let left = match (left + Duration::hours(12)).whole_days() {
            _ if left < Duration::DAY => "in less than a day".to_owned(),
            1 => "in a day".to_owned(),
            days => format!("in {days} days"),
        };
        Self { what: deadline.what, at: moment::date_time(deadline.at), is_due: deadline.is_due(now), left }
    }
}

/// What the dates follow from.
pub fn facts(person: &Person, profile: &Profile) -> Facts {
    Facts {
        last_sign_in_at: profile.last_sign_in_at,
        activated_at: profile.activated_at,
        reviewed_at: profile.reviewed_at,
        seed: person.seed,
        seed_email_expires: profile.seed_email_expires,
    }
}

/// The dates that are still to come, as a file for a calendar.
pub async fn get(State(app): State<App>, SignedIn(viewer): SignedIn) -> Result<Response, WebError> {
    let (person, now) = (&viewer.person, app.clock.now());
    let profile = profiles::find(&mut *app.pool.acquire().await?, person.id).await?;
    let deadlines = deadlines::all(&facts(person, &profile), now);
    let base = app.config.base_url.as_str().trim_end_matches('/');
    let host = app.config.base_url.host_str().unwrap_or("portal");
    let entries = deadlines.iter().filter(|deadline| !deadline.is_due(now)).map(|deadline| {
        let what = deadline.what;
        let page = if what == What::Review { addresses::SECURITY } else { addresses::ACCOUNT };
        Entry {
            uid: format!("{}-{}@{host}", what.as_str(), person.id),
            at: deadline.at,
            title: what.in_words().to_owned(),
            text: format!("{} {}", what.means(), what.stopped_by()),
            link: format!("{base}{page}"),
        }
    });
    let file = calendar::file("TechPass", &entries.collect::<Vec<_>>(), now);
    Ok(page::download("techpass-dates.ics", "text/calendar; charset=utf-8", file))
}
