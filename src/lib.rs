//! The onboarding portal for TechPass and SEED. This list is the map of the house (docs/architecture.md).

pub mod app;
pub mod chance;
pub mod clock;
pub mod commands;
pub mod config;
pub mod domain;
pub mod jobs;
pub mod journeys;
pub mod keys;
pub mod messages;
pub mod metering;
pub mod passkeys;
pub mod passwords;
pub mod providers;
pub mod store;
pub mod web;
