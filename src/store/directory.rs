//! The directory, read whole: it is small, and every eligibility question needs it.

use sqlx::PgPool;

use super::{
    StoreError,
    terms::{self, ServiceLink},
};
use crate::domain::{
    business_days::BusinessCalendar,
    directory::{AgencyDomain, Directory, SignUpWay},
    domain_name::DomainName,
    terms::Published,
};

/// The channel on which the database tells that the directory was edited.
pub const CHANGED: &str = "directory";

/// What an administrator edits and every journey reads.
#[derive(Debug)]
pub struct Reference {
    /// Agencies, their domains, and the domains that are refused.
    pub directory: Directory,
    /// The days on which the service desk works.
    pub calendar: BusinessCalendar,
    /// The terms that everybody accepts.
    pub terms: Published,
    /// Where to go with an active TechPass.
    pub service_links: Vec<ServiceLink>,
}

/// Reads it.
///
/// # Errors
/// [`StoreError`] if the database does not answer, or holds a domain that is none.
pub async fn load(pool: &PgPool) -> Result<Reference, StoreError> {
    let mut tx = pool.begin().await?;
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let rows = sqlx::query!(
        "select d.domain, d.agency, d.name, d.sign_up, d.seed_offered, d.provider
           from agency_domains d"
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut agency_domains = Vec::with_capacity(rows.len());
    for row in rows {
        agency_domains.push(AgencyDomain {
            agency: row.agency,
            agency_name: row.name,
            domain: domain(&row.domain)?,
            sign_up: SignUpWay::parse(&row.sign_up).ok_or(StoreError::UnknownValue("agency_domains.sign_up"))?,
            seed_offered: row.seed_offered,
            provider: row.provider,
        });
    }
    let (mut personal, mut litemail) = (Vec::new(), Vec::new());
    for row in sqlx::query!("select domain, reason from refused_mail_domains").fetch_all(&mut *tx).await? {
        let list = if row.reason == "litemail" { &mut litemail } else { &mut personal };
        list.push(domain(&row.domain)?);
    }
    let holidays = sqlx::query_scalar!("select day from public_holidays").fetch_all(&mut *tx).await?;
    let published = terms::published(&mut tx).await?;
    let service_links = terms::service_links(&mut tx).await?;
    tx.commit().await?;
    Ok(Reference {
        directory: Directory::new(agency_domains, personal, litemail),
        calendar: BusinessCalendar::new(holidays),
        terms: published,
        service_links,
    })
}

fn domain(text: &str) -> Result<DomainName, StoreError> {
    DomainName::parse(text).map_err(|_| StoreError::UnknownValue("domain"))
}
