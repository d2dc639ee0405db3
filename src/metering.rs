//! Counters and timings for `/metrics`, in the format of Prometheus.

use std::time::Duration;

use metrics::Unit;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the timing buckets, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Where figures are noted, and the page that shows them.
#[derive(Clone)]
pub struct Meter {
    recorder: std::sync::Arc<metrics_exporter_prometheus::PrometheusRecorder>,
    handle: PrometheusHandle,
}

impl Meter {
    /// A meter with nothing on it. It is not global, so that two portals in one test do not share it.
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("seconds".to_owned()), SECONDS)
            .unwrap_or_else(|_| unreachable!("the list of buckets is not empty"))
            .build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, describe);
        Self { recorder: std::sync::Arc::new(recorder), handle }
    }

    /// Notes that a request was answered.
    pub fn request(&self, route: &str, status: u16, took: Duration) {
        metrics::with_local_recorder(&*self.recorder, || {
            metrics::counter!("portal_requests_total", "route" => route.to_owned(), "status" => status.to_string())
                .increment(1);
            metrics::histogram!("portal_request_seconds", "route" => route.to_owned()).record(took);
        });
    }

    /// Notes how an attempt to send a message ended (`sent`, `retried`, `bounced`, `given_up`), and how long after it was
    /// committed.
    pub fn delivery(&self, outcome: &'static str, since_commit: Duration) {
        metrics::with_local_recorder(&*self.recorder, || {
            metrics::counter!("portal_deliveries_total", "outcome" => outcome).increment(1);
            metrics::histogram!("portal_delivery_seconds", "outcome" => outcome).record(since_commit);
        });
    }

    /// Notes what became of an SMS (`passed_on`, `delivered`, `undelivered`, `failed`), as its gateway tells.
    pub fn sms(&self, fate: &'static str) {
        metrics::with_local_recorder(&*self.recorder, || {
            metrics::counter!("portal_sms_total", "fate" => fate).increment(1);
        });
    }

    /// Notes how many messages wait, and how many connections to the database are open and idle.
    pub fn gauges(&self, waiting: i64, connections: u32, idle: usize) {
        metrics::with_local_recorder(&*self.recorder, || {
            #[allow(clippy::cast_precision_loss, reason = "a gauge is a float; counts here are far below 2^52")]
            metrics::gauge!("portal_outbox_waiting").set(waiting as f64);
            metrics::gauge!("portal_database_connections").set(connections);
            #[allow(clippy::cast_precision_loss, reason = "as above")]
            metrics::gauge!("portal_database_connections_idle").set(idle as f64);
        });
    }

    /// Notes how many stored secrets are still under the previous key.
    pub fn old_secrets(&self, secrets: i64) {
        metrics::with_local_recorder(&*self.recorder, || {
            #[allow(clippy::cast_precision_loss, reason = "a gauge is a float; counts here are far below 2^52")]
            metrics::gauge!("portal_secrets_under_previous_key").set(secrets as f64);
        });
    }

    /// All figures, as text.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds what was noted into the buckets: without it, timings pile up in memory until somebody asks for them.
    pub fn fold(&self) {
        self.handle.run_upkeep();
    }
}

/// Says what each figure is, for whoever reads `/metrics` without this file.
fn describe() {
    metrics::describe_counter!("portal_requests_total", "Requests that were answered, by route and status");
    metrics::describe_histogram!("portal_request_seconds", Unit::Seconds, "How long requests took to answer, by route");
    metrics::describe_counter!("portal_deliveries_total", "Attempts to send a message, by how they ended");
    metrics::describe_counter!("portal_sms_total", "SMS that the gateway took, by what it says became of them");
    metrics::describe_histogram!(
        "portal_delivery_seconds",
        Unit::Seconds,
        "How long after its commit an attempt to send a message ended"
    );
    metrics::describe_gauge!("portal_outbox_waiting", "Messages that are not sent yet");
    metrics::describe_gauge!(
        "portal_secrets_under_previous_key",
        "Stored secrets that PORTAL_SECRET_KEY_PREVIOUS is still needed for; counted up to 10000"
    );
    metrics::describe_gauge!("portal_database_connections", "Connections to the database that are open");
    metrics::describe_gauge!(
        "portal_database_connections_idle",
        "Connections to the database that nobody uses just now"
    );
}

impl Default for Meter {
    fn default() -> Self {
        Self::new()
    }
}
