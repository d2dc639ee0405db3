//! A message as it reached the mail server, and what a test asks of it.

use mail_parser::{Message, MessageParser};

/// One message for one recipient.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Whom the envelope names.
    pub recipient: String,
    /// The message, byte for byte.
    pub raw: Vec<u8>,
}

impl Mail {
    fn parsed(&self) -> Message<'_> {
        MessageParser::default().parse(&self.raw).expect("a message that can be read")
    }

    /// The subject line.
    pub fn subject(&self) -> String {
        self.parsed().subject().unwrap_or_default().to_owned()
    }

    /// The Message-ID, without its angle brackets.
    pub fn message_id(&self) -> String {
        self.parsed().message_id().expect("a Message-ID").to_owned()
    }

    /// A header, as it stands there.
    pub fn header(&self, name: &'static str) -> Option<String> {
        self.parsed().header_raw(name).map(|value| value.trim().to_owned())
    }

    /// The text part, with line ends as `\n`.
    pub fn text(&self) -> String {
        self.parsed().body_text(0).expect("a text part").replace("\r\n", "\n")
    }

    /// The HTML part.
    pub fn html(&self) -> String {
        self.parsed().body_html(0).expect("an HTML part").into_owned()
    }

    /// The links that stand alone on a line of the text.
    pub fn links(&self) -> Vec<String> {
        let is_link = |line: &&str| line.starts_with("http://") || line.starts_with("https://");
        self.text().lines().filter(is_link).map(str::to_owned).collect()
    }

    /// The path of the first link whose path begins with `start`; fails the test if there is none.
    pub fn link(&self, start: &str) -> String {
        let paths = self.links().into_iter().map(|link| {
            let url = url::Url::parse(&link).expect("a link that is a URL");
            url.path().to_owned()
        });
        paths
            .into_iter()
            .find(|path| path.starts_with(start))
            .unwrap_or_else(|| panic!("no {start} in {}", self.text()))
    }

    /// Fails the test unless the text says this.
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.text().contains(words), "{words:?} is not in the mail:\n{}", self.text());
        self
    }

    /// Fails the test if the text says this.
    pub fn does_not_say(&self, words: &str) -> &Self {
        assert!(!self.text().contains(words), "{words:?} is in the mail:\n{}", self.text());
        self
    }

    /// Fails the test unless the subject is this.
    pub fn has_subject(&self, subject: &str) -> &Self {
        assert_eq!(self.subject(), subject);
        self
    }
}
