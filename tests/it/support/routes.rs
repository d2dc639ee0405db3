//! The list of the portal's addresses, in one place: what goes through all of them reads it here. `routes.rs` beside the
//! journeys checks it against the source, so that a new address cannot be forgotten.

use crate::support::{Page, Portal, SignUp, Visitor};

/// What stands behind an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page.
    Page,
    /// A page that exists in development only.
    DevelopmentPage,
    /// Something for machines.
    Machine,
    /// Leads elsewhere.
    Redirect,
    /// Takes a form and has no page of its own.
    PostOnly,
}

/// One address.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// As in the source.
    pub pattern: &'static str,
    /// What stands behind it.
    pub kind: Kind,
    /// Whether it takes a form.
    pub posts: bool,
}

const fn route(pattern: &'static str, kind: Kind, posts: bool) -> Route {
    Route { pattern, kind, posts }
}

/// Every address of the portal but the static files.
pub const ROUTES: &[Route] = &[
    route("/", Kind::Page, false),
    route("/start", Kind::Page, true),
    route("/start/answer", Kind::Page, false),
    route("/sign-up", Kind::Page, true),
    route("/sign-up/done", Kind::Page, false),
    route("/sign-up/again", Kind::PostOnly, true),
    route("/accept/{token}", Kind::Page, true),
    route("/sign-in", Kind::Page, false),
    route("/account", Kind::Redirect, false),
    route("/account/{*page}", Kind::Redirect, false),
    route("/help", Kind::Page, false),
    route("/help/requests", Kind::Redirect, false),
    route("/help/requests/new", Kind::Redirect, false),
    route("/healthz", Kind::Machine, false),
    route("/readyz", Kind::Machine, false),
    route("/metrics", Kind::Machine, false),
    route("/captcha", Kind::Machine, false),
    route("/dev/inbox", Kind::DevelopmentPage, false),
    route("/dev/inbox.json", Kind::Machine, false),
    route("/dev/components", Kind::DevelopmentPage, false),
];

/// Somebody who has signed up, read the mail, and waited until it may be sent again: every form would do something.
pub struct Scene {
    /// The person.
    pub visitor: Visitor,
    token: String,
}

impl Scene {
    /// The person's address.
    pub const EMAIL: &'static str = "mei@tech.gov.sg";

    /// Plays the scene.
    pub async fn at(portal: &Portal) -> Self {
        let visitor = portal.visitor();
        visitor.signs_up(SignUp::from(Self::EMAIL)).await.is(303);
        portal.delivers().await;
        let link = portal.mail.reads(Self::EMAIL).remove(0).link("/accept/");
        portal.waits(time::Duration::minutes(2));
        Self { visitor, token: link.replace("/accept/", "") }
    }

    /// The address behind a pattern, in this scene.
    pub fn address(&self, route: &Route) -> String {
        let address = route.pattern.replace("{token}", &self.token).replace("{*page}", "seed");
        if route.pattern == "/start/answer" { address + "?domain=tech.gov.sg&device=gmd&seed=yes" } else { address }
    }

    /// Every page, open in this person's browser.
    pub async fn pages(&self) -> Vec<Page> {
        let mut pages = Vec::new();
        for route in ROUTES.iter().filter(|route| matches!(route.kind, Kind::Page | Kind::DevelopmentPage)) {
            let page = self.visitor.opens(&self.address(route)).await;
            page.is(200);
            pages.push(page);
        }
        pages
    }

    /// The page with the form that goes to an address.
    pub async fn page_with_form_to(&self, route: &Route) -> Page {
        let (address, pages) = (self.address(route), self.pages().await);
        let has_form = |page: &Page| page.forms().first().is_some_and(|form| form.action == address);
        pages.into_iter().find(has_form).unwrap_or_else(|| panic!("no page has a form that goes to {address}"))
    }
}

/// What a person could have typed into a field, so that nothing but what is tested stands in the way of the form.
pub fn sensible_value(field: &str) -> Option<&'static str> {
    match field {
        "email" => Some("ana@tech.gov.sg"),
        "device" => Some("non_se_gsib"),
        "seed" => Some("no"),
        _ => None,
    }
}
