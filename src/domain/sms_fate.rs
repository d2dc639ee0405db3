//! What became of an SMS that the gateway took, in its words and in ours.

/// How far an SMS has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsFate {
    /// The gateway has passed it on to the network of the phone.
    PassedOn,
    /// It has arrived.
    Delivered,
    /// The network could not deliver it: no such number, a phone that takes none, a country that lets none in.
    Undelivered,
    /// The gateway could not send it.
    Failed,
}

impl SmsFate {
    /// Takes the word of the Twilio Messages API. None for what says no more than that the gateway has it.
    #[must_use]
    pub fn parse(status: &str) -> Option<Self> {
        match status {
            "sent" => Some(Self::PassedOn),
            "delivered" | "read" => Some(Self::Delivered),
            "undelivered" => Some(Self::Undelivered),
            "failed" | "canceled" => Some(Self::Failed),
            _ => None,
        }
    }

    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PassedOn => "passed_on",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing follows: whatever is said later is an old report that took its time.
    #[must_use]
    pub const fn is_last(self) -> bool {
        !matches!(self, Self::PassedOn)
    }

    /// Whether its person waits in vain.
    #[must_use]
    pub const fn is_lost(self) -> bool {
        matches!(self, Self::Undelivered | Self::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_s_words_are_taken_and_those_that_say_nothing_new_are_not() {
        for (word, fate) in [
            ("sent", Some(SmsFate::PassedOn)),
            ("delivered", Some(SmsFate::Delivered)),
            ("read", Some(SmsFate::Delivered)),
            ("undelivered", Some(SmsFate::Undelivered)),
            ("failed", Some(SmsFate::Failed)),
            ("canceled", Some(SmsFate::Failed)),
            ("accepted", None),
            ("queued", None),
            ("sending", None),
            ("DELIVERED", None),
            ("", None),
        ] {
            assert_eq!(SmsFate::parse(word), fate, "{word}");
        }
    }

    #[test]
    fn what_is_lost_is_a_last_word() {
        for fate in [SmsFate::PassedOn, SmsFate::Delivered, SmsFate::Undelivered, SmsFate::Failed] {
            assert!(fate.is_last() || !fate.is_lost(), "{fate:?}");
            assert_eq!(fate.is_last(), fate != SmsFate::PassedOn);
        }
    }
}
