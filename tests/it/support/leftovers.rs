//! What a test may not leave behind without saying so: mail that nobody read, and messages that nobody sent.

use std::cell::Cell;

use sqlx::{Connection, PgConnection};

/// What the test said it leaves behind on purpose.
#[derive(Debug, Default)]
pub struct Allowed {
    unread_mail: Cell<bool>,
    unsent_messages: Cell<bool>,
}

impl Allowed {
    /// Mail may stay unread.
    pub fn unread_mail(&self) {
        self.unread_mail.set(true);
    }

    /// Messages may stay in the outbox.
    pub fn unsent_messages(&self) {
        self.unsent_messages.set(true);
    }

    /// Fails the test if something else was left.
    pub fn check(&self, unread: &[String], unsent: &[String]) {
        assert!(self.unread_mail.get() || unread.is_empty(), "nobody read the mail to {unread:?}");
        assert!(self.unsent_messages.get() || unsent.is_empty(), "nobody sent {unsent:?}");
    }
}

/// Closes all connections of portals to this database and says which messages are not sent, in a thread of its own: whoever
/// asks is being dropped and cannot wait.
pub fn close(database: url::Url) -> Vec<String> {
    let asking = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut connection = PgConnection::connect(database.as_str()).await?;
            sqlx::query(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity
                  where datname = current_database() and application_name like 'portal%'",
            )
            .execute(&mut connection)
            .await?;
            let unsent = sqlx::query_scalar(
                // Whoever signs in with a second browser causes one, in many tests that are about something else.
                "select kind || ' to ' || recipient from outbox
                  where status in ('queued', 'sending') and kind <> 'new_browser'",
            )
            .fetch_all(&mut connection)
            .await;
            connection.close().await?;
            unsent
        })
    });
    asking.join().expect("the thread ended").expect("the database answers")
}
