//! Mobile numbers of any country, in the international form (docs/rules.md §3.17, §4.5).

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};

/// A mobile number that can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mobile {
    number: String,
    country: String,
}

/// Why a text is no mobile number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMobile {
    /// Nothing was typed.
    #[error("Enter your mobile number")]
    Empty,
    /// The country is none.
    #[error("Choose the country of your mobile number")]
    Country,
    /// It is no number of that country.
    #[error("This is no mobile number of that country. Check the country and the digits")]
    Number,
    /// It is a number to which nothing can be sent.
    #[error("This is not a mobile number. We cannot send an SMS to it")]
    Landline,
}

impl Mobile {
    /// Takes a country (ISO 3166-1, two letters) and a number as people write it there, or with + and the country's code.
    ///
    /// # Errors
    /// [`NotMobile`] says what is wrong.
    pub fn parse(country: &str, typed: &str) -> Result<Self, NotMobile> {
        let country = country.trim().to_ascii_uppercase();
        let region = Region::try_from(country.as_str()).map_err(|_| NotMobile::Country)?;
        PHONE_NUMBER_UTIL.get_country_code_for_region(region).ok_or(NotMobile::Country)?;
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(NotMobile::Empty);
        }
        let number = PhoneNumber::parse(typed, Some(region)).map_err(|_| NotMobile::Number)?;
        if !PHONE_NUMBER_UTIL.is_valid_number(&number) {
            return Err(NotMobile::Number);
        }
        match PHONE_NUMBER_UTIL.get_number_type(&number) {
            PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile => {}
            _ => return Err(NotMobile::Landline),
        }
        let text = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned();
        Ok(Self { number: text, country })
    }

    /// As the database keeps it: + and digits (E.164).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// The country that was chosen.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.country
    }

    /// Whether messages there often do not arrive (docs/rules.md §3.18).
    #[must_use]
    pub fn is_in_china(&self) -> bool {
        Self::is_number_in_china(&self.number)
    }

    /// The same of a number as the database keeps it.
    #[must_use]
    pub fn is_number_in_china(number: &str) -> bool {
        number.starts_with("+86")
    }

    /// The last three digits, for pages that say where a code went.
    #[must_use]
    pub fn masked(number: &str) -> String {
        format!("•••• {}", &number[number.len().saturating_sub(3)..])
    }
}

#[cfg(test)]
mod tests {
    use super::{Mobile, NotMobile};

    #[test]
    fn numbers_of_any_country_are_taken_as_people_write_them() {
        for (country, typed, number) in [
            ("SG", "9123 4567", "+6591234567"),
            ("sg", " +65 8123-4567 ", "+6581234567"),
            ("MY", "012-345 6789", "+60123456789"),
            ("IN", "098765 43210", "+919876543210"),
            ("CN", "139 1099 8888", "+8613910998888"),
            ("VN", "091 234 56 78", "+84912345678"),
            ("PH", "0917 123 4567", "+639171234567"),
            ("US", "(415) 555-2671", "+14155552671"),
            ("GB", "07400 123456", "+447400123456"),
        ] {
            assert_eq!(Mobile::parse(country, typed).map(|mobile| mobile.as_str().to_owned()), Ok(number.to_owned()));
        }
        assert!(Mobile::parse("CN", "139 1099 8888").unwrap().is_in_china());
        assert!(!Mobile::parse("SG", "9123 4567").unwrap().is_in_china());
    }

    #[test]
    fn what_is_no_mobile_number_is_told_why() {
        for (country, typed, why) in [
            ("SG", "", NotMobile::Empty),
            ("", "9123 4567", NotMobile::Country),
            ("XX", "9123 4567", NotMobile::Country),
            ("SG", "1234", NotMobile::Number),
            ("SG", "not a number", NotMobile::Number),
            ("SG", "6123 4567", NotMobile::Landline),
        ] {
            assert_eq!(Mobile::parse(country, typed), Err(why), "{country} {typed:?}");
        }
    }

    #[test]
    fn a_number_is_shown_by_its_last_digits() {
        assert_eq!(Mobile::masked("+6591234567"), "•••• 567");
        assert_eq!(Mobile::masked(""), "•••• ");
    }
}
