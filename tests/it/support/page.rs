//! An answer of the portal, and what a test asks of it. Its methods fail the test; they can be chained.

use std::collections::HashSet;

use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html, Selector};

/// What every title ends with.
const TITLE_END: &str = " – TechPass onboarding portal";

/// The content security policy of every answer, as docs/rules.md and quality.md want it.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                          connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; \
                          frame-ancestors 'none'";

/// The headers that every answer has, to the letter.
pub const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=(), \
         publickey-credentials-create=(self), publickey-credentials-get=(self)",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// An answer.
#[derive(Debug, Clone)]
pub struct Page {
    /// The path and query that were asked for.
    pub address: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as text.
    pub body: String,
}

/// A form on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// Its fields and what they hold; radios once, with what is chosen.
    pub fields: Vec<(String, String)>,
}

impl Page {
    /// What holds for every answer of the portal; every caller checks it by the way.
    pub fn check(self) -> Self {
        for (name, value) in HEADERS {
            let found = self.header(name).map(without_providers);
            assert_eq!(found.as_deref(), Some(value), "{name} of {}", self.address);
        }
        assert!(self.header("x-request-id").is_some_and(|id| id.len() == 12), "{} has no reference", self.address);
        if self.is_html() && !self.body.is_empty() {
            self.check_html();
        }
        self
    }

    fn check_html(&self) {
        let (html, address) = (self.html(), &self.address);
        assert!(self.title().ends_with(TITLE_END) && self.title().len() > TITLE_END.len(), "the title of {address}");
        assert_eq!(html.select(&css("h1")).count(), 1, "{address} needs one h1: {}", self.body);
        assert_eq!(html.select(&css("html[lang=en]")).count(), 1, "{address} needs a language");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{address} may be kept");
        let has_summary = html.select(&css("#error-summary")).count() > 0;
        assert_eq!(
            self.title().starts_with("Error: "),
            has_summary,
            "the title of {address} against its error summary"
        );
        let all: Vec<&str> = html.select(&css("[id]")).filter_map(|element| element.attr("id")).collect();
        let ids: HashSet<&str> = all.iter().copied().collect();
        assert_eq!(all.len(), ids.len(), "an id comes twice on {address}: {all:?}");
        for (selector, attribute) in
            [("label", "for"), ("[aria-describedby]", "aria-describedby"), ("a[href^='#']", "href")]
        {
            for element in html.select(&css(selector)) {
                for target in element.attr(attribute).unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(target.trim_start_matches('#')), "{target} of {selector} is not on {address}");
                }
            }
        }
        for element in html.select(&css("*")) {
            let handler = element.value().attrs().find(|(name, _)| name.starts_with("on") || *name == "style");
            assert_eq!(handler, None, "inline script or style on {address}, which the policy would stop");
        }
    }

    /// Fails the test unless the status is this.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}: {}", self.address, self.main_text());
        self
    }

    /// Fails the test unless the title is this, without the portal's name.
    #[track_caller]
    pub fn titled(&self, title: &str) -> &Self {
        assert_eq!(self.title().trim_end_matches(TITLE_END), title);
        self
    }

    /// Fails the test unless the one heading is this.
    #[track_caller]
    pub fn headed(&self, heading: &str) -> &Self {
        assert_eq!(self.texts("h1"), [heading]);
        self
    }

    /// Fails the test unless the main part says this.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.main_text().contains(words), "{words:?} is not said:\n{}", self.main_text());
        self
    }

    /// Fails the test if the main part says this.
    #[track_caller]
    pub fn does_not_say(&self, words: &str) -> &Self {
        assert!(!self.main_text().contains(words), "{words:?} is said:\n{}", self.main_text());
        self
    }

    /// Fails the test unless this is wrong with the field: beside it, tied to it, and in the summary on top.
    #[track_caller]
    pub fn has_field_error(&self, field: &str, message: &str) -> &Self {
        let beside = self.texts(&format!("#{field}-error"));
        assert_eq!(beside, [format!("Error: {message}")], "beside {field}");
        let summary: Vec<(String, String)> = self.errors();
        assert!(summary.contains(&(field.to_owned(), message.to_owned())), "the summary has only {summary:?}");
        self
    }

    /// The fields that something is wrong with, and what, as the summary on top has them.
    pub fn errors(&self) -> Vec<(String, String)> {
        let (html, selector) = (self.html(), css("#error-summary a"));
        let links = html.select(&selector);
        links
            .map(|link| (link.attr("href").unwrap_or_default().trim_start_matches('#').to_owned(), text_of(link)))
            .collect()
    }

    /// Fails the test unless there is a button with this label.
    #[track_caller]
    pub fn has_button(&self, label: &str) -> &Self {
        assert!(self.texts("main button").iter().any(|text| text == label), "no button {label:?} on {}", self.address);
        self
    }

    /// Fails the test if there is a form in the main part.
    #[track_caller]
    pub fn has_no_form(&self) -> &Self {
        assert_eq!(self.forms(), [], "there is a form on {}", self.address);
        self
    }

    /// Fails the test unless the main part links there.
    #[track_caller]
    pub fn links_to(&self, href: &str) -> &Self {
        assert!(self.links().iter().any(|link| link == href), "{href} is not among {:?}", self.links());
        self
    }

    /// Fails the test if the main part links there.
    #[track_caller]
    pub fn does_not_link_to(&self, href: &str) -> &Self {
        assert!(!self.links().iter().any(|link| link == href), "{href} is among {:?}", self.links());
        self
    }

    /// Fails the test unless the answer leads there (303).
    #[track_caller]
    pub fn leads_to(&self, address: &str) -> &Self {
        assert_eq!((self.status, self.location()), (303, Some(address)), "{}", self.main_text());
        self
    }

    /// Fails the test unless the field holds this: a text, or the chosen radio.
    #[track_caller]
    pub fn holds(&self, field: &str, value: &str) -> &Self {
        let form = self.form();
        let held = form.fields.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str());
        assert_eq!(held, Some(value), "what {field} holds");
        self
    }

    /// Where the answer leads.
    pub fn location(&self) -> Option<&str> {
        self.header("location")
    }

    /// The addresses that the main part links to.
    pub fn links(&self) -> Vec<String> {
        let html = self.html();
        html.select(&css("main a")).filter_map(|link| link.attr("href").map(str::to_owned)).collect()
    }

    /// A header, if it is there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        assert!(values.next().is_none(), "{name} comes twice");
        Some(value)
    }

    /// The cookies that the answer sets, whole.
    pub fn cookies(&self) -> Vec<String> {
        let cookies = self.headers.get_all("set-cookie").iter();
        cookies.map(|value| value.to_str().expect("a cookie is text").to_owned()).collect()
    }

    /// The number of the rule that decided, on a page that answers which way is whose.
    pub fn deciding_rule(&self) -> String {
        let last = self.texts("dl.summary dd").pop().unwrap_or_default();
        last.split(':').next().unwrap_or_default().to_owned()
    }

    /// The title, whole.
    pub fn title(&self) -> String {
        self.texts("title").concat()
    }

    /// What the main part says, with single spaces.
    pub fn main_text(&self) -> String {
        self.texts("main").concat()
    }

    /// The texts of all elements that fit the selector.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.html().select(&css(selector)).map(text_of).collect()
    }

    /// The form that goes there, wherever it stands.
    #[track_caller]
    pub fn form_to(&self, action: &str) -> Form {
        let form = self.all_forms().into_iter().find(|form| form.action == action);
        form.unwrap_or_else(|| panic!("no form goes to {action} from {}", self.address))
    }

    /// Every form that posts, those of the header included.
    pub fn all_forms(&self) -> Vec<Form> {
        self.forms_at("form[method=post]")
    }

    /// The step's main form.
    pub fn form(&self) -> Form {
        self.forms().into_iter().next().unwrap_or_else(|| panic!("there is no form on {}", self.address))
    }

    /// The forms of the main part that post.
    pub fn forms(&self) -> Vec<Form> {
        self.forms_at("main form[method=post]")
    }

    fn forms_at(&self, selector: &str) -> Vec<Form> {
        let html = self.html();
        let here = self.address.split('?').next().unwrap_or_default();
        let selector = css(selector);
        let forms = html.select(&selector).flat_map(|form| {
            // What a script posts to before it sends the form counts as one of its own.
            let actions = [Some(form.attr("action").unwrap_or(here)), form.attr("data-options")];
            actions.into_iter().flatten().map(move |action| Form { action: action.to_owned(), fields: fields_of(form) })
        });
        forms.collect()
    }

    /// The page without what differs from one showing to the next: the form's token and what it belongs to.
    pub fn without_nonces(&self) -> String {
        let mut body = self.body.clone();
        let tokens = self
            .html()
            .select(&css("input[name=csrf], input[name=form]"))
            .filter_map(|i| i.attr("value").map(str::to_owned))
            .collect::<Vec<_>>();
        for token in tokens {
            body = body.replace(&token, "…");
        }
        body
    }

    /// Whether it is a page at all.
    pub fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
    }

    fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }
}

fn fields_of(form: ElementRef<'_>) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for field in form.select(&css("input[name], select[name], textarea[name]")) {
        let name = field.attr("name").unwrap_or_default();
        let is_choice = matches!(field.attr("type"), Some("radio" | "checkbox"));
        let value = match field.value().name() {
            "textarea" => field.text().collect(),
            "select" => field
                .select(&css("option[selected]"))
                .next()
                .and_then(|o| o.attr("value"))
                .unwrap_or_default()
                .to_owned(),
            _ if is_choice && field.attr("checked").is_none() => String::new(),
            _ => field.attr("value").unwrap_or_default().to_owned(),
        };
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, chosen)) if chosen.is_empty() => *chosen = value,
            Some(_) => {}
            None => fields.push((name.to_owned(), value)),
        }
    }
    fields
}

fn css(selector: &str) -> Selector {
    Selector::parse(selector).expect("a selector")
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A policy without the identity providers that forms may lead to besides: they are settings of the portal.
pub fn without_providers(policy: &str) -> String {
    let Some((before, after)) = policy.split_once("form-action 'self'") else { return policy.to_owned() };
    let (providers, rest) = after.split_once(';').unwrap_or((after, ""));
    assert!(providers.split_whitespace().all(|origin| origin.starts_with("http://127.0.0.1:")), "{policy}");
    format!("{before}form-action 'self';{rest}")
}
