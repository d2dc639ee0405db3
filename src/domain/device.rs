//! The computer that an applicant sits at: it decides who can sign up and who can ask for SEED.
//! A device that is onboarded to SEED (serial number, Intune ID) is something else and not to be put here.

/// The kinds of device that the portal tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Device {
    /// A government laptop with internet, unlocked by a BitLocker PIN.
    NonSeGsib,
    /// A government laptop with Secured Email and no internet, unlocked by a PS-Card.
    SeGsib,
    /// An Internet Device or government furnished equipment that is already enrolled in SEED.
    Gmd,
    /// Any other computer.
    InternetDevice,
}

impl Device {
    /// Every kind, in the order in which a person is asked.
    pub const ALL: [Self; 4] = [Self::NonSeGsib, Self::SeGsib, Self::Gmd, Self::InternetDevice];

    /// Takes the word that forms and links use.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|device| device.as_str() == text)
    }

    /// The word that forms, links and the database use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NonSeGsib => "non_se_gsib",
            Self::SeGsib => "se_gsib",
            Self::Gmd => "gmd",
            Self::InternetDevice => "internet_device",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NonSeGsib => "non-SE GSIB",
            Self::SeGsib => "SE GSIB",
            Self::Gmd => "GMD",
            Self::InternetDevice => "Internet Device",
        }
    }

    /// Whether a public officer can sign up from it (docs/rules.md §1 E6, E7).
    #[must_use]
    pub const fn may_sign_up(self) -> bool {
        matches!(self, Self::NonSeGsib | Self::Gmd)
    }

    /// Whether a public officer can ask for SEED from it (docs/rules.md §5). Not the same question as
    /// [`Device::may_sign_up`], although both have the same answer today.
    #[must_use]
    pub const fn seed_possible(self) -> bool {
        matches!(self, Self::NonSeGsib | Self::Gmd)
    }
}

#[cfg(test)]
mod tests {
    use super::Device;

    #[test]
    fn each_device_has_its_word_its_name_and_its_rights() {
        for (device, word, name, may_sign_up, seed_possible) in [
            (Device::NonSeGsib, "non_se_gsib", "non-SE GSIB", true, true),
            (Device::SeGsib, "se_gsib", "SE GSIB", false, false),
            (Device::Gmd, "gmd", "GMD", true, true),
            (Device::InternetDevice, "internet_device", "Internet Device", false, false),
        ] {
            assert_eq!(device.as_str(), word);
            assert_eq!(Device::parse(word), Some(device));
            assert_eq!(device.name(), name);
            assert_eq!(device.may_sign_up(), may_sign_up, "{word}");
            assert_eq!(device.seed_possible(), seed_possible, "{word}");
        }
    }

    #[test]
    fn a_word_that_no_form_has_is_no_device() {
        for word in ["", "GMD", " gmd", "gmd\0", "laptop", "se-gsib"] {
            assert_eq!(Device::parse(word), None, "{word:?}");
        }
    }
}
