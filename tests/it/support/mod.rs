//! What the tests share: the portal, its visitors, its mail server, its tables. A test says what people do; this says how.

pub mod cluster;
pub mod gateway;
pub mod leftovers;
pub mod mail;
pub mod officers;
pub mod page;
pub mod passkeys;
pub mod portal;
pub mod process;
pub mod provider;
pub mod routes;
pub mod smtp;
pub mod tables;
pub mod vendors;
pub mod visitor;

pub use mail::Mail;
pub use page::Page;
pub use portal::Portal;
pub use smtp::Answer;
pub use visitor::{SignUp, Visitor};
