//! Questions that more than one journey asks (`templates/components/device.html`), and what is wrong with the answers.

use super::form::FormView;
use crate::domain::{device::Device, email_address::EmailAddress};

/// Understands who asks and from what device.
///
/// # Errors
/// What is wrong with each field.
pub fn read_applicant(email: &str, device: &str) -> Result<(EmailAddress, Device), FormView> {
    let mut view = FormView::default();
    let email = EmailAddress::parse(email).map_err(|wrong| view.reject("email", wrong.to_string())).ok();
    let device = Device::parse(device);
    if device.is_none() {
        view.reject("device", "Choose the device that you want to use");
    }
    email.zip(device).ok_or(view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let view = read_applicant("not an address", "toaster").expect_err("both are wrong");
        let fields: Vec<&str> = view.summary().iter().map(|error| error.field).collect();
        assert_eq!(fields, ["email", "device"]);
    }

    #[test]
    fn good_answers_become_what_they_mean() {
        let (email, device) = read_applicant(" Mei@Tech.gov.sg ", "gmd").expect("both are right");
        assert_eq!((email.as_str(), device), ("mei@tech.gov.sg", Device::Gmd));
    }
}
