//! Where the mail server is, and how a conversation with it begins.
//!
//! lettre's own transport leaves Nagle's algorithm on, and ends a message with a small packet that then waits 40 ms for the
//! other side; so the connection is made here, and only the conversation is lettre's. (With `smtps://` it still is lettre's.)

use std::time::Duration;

use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use tokio::net::TcpStream;
use url::{Host, Url};

use super::NotSent;

/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(10);

/// A mail server.
pub struct Server {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    hello: ClientId,
}

enum Encryption {
    /// `smtp://`
    None,
    /// `smtp://…?tls=opportunistic`: where the server offers it.
    IfOffered(TlsParameters),
    /// `smtp://…?tls=required`
    Required(TlsParameters),
    /// `smtps://`
    FromTheStart(TlsParameters),
}

impl Server {
    /// The server that a URL names.
    ///
    /// # Errors
    /// What is wrong with the URL; never the URL itself, which holds a password.
    pub fn at(url: &str) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| format!("is no URL: {error}"))?;
        let host = match url.host() {
            // As an address: in a URL it stands in brackets, which no resolver knows.
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) if !host.to_string().is_empty() => host.to_string(),
            _ => return Err("names no mail server".to_owned()),
        };
        let tls = || TlsParameters::new(host.clone()).map_err(|error| format!("cannot be used with TLS: {error}"));
        let wish = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let (encryption, usual_port) = match (url.scheme(), wish.as_deref()) {
            ("smtp", None) => (Encryption::None, 25),
            ("smtp", Some("opportunistic")) => (Encryption::IfOffered(tls()?), 587),
            ("smtp", Some("required")) => (Encryption::Required(tls()?), 587),
            ("smtps", _) => (Encryption::FromTheStart(tls()?), 465),
            _ => return Err("must be smtps://…, smtp://…, or smtp://…?tls=required".to_owned()),
        };
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decode(url.username())?, decode(password)?)),
            None => None,
        };
        let port = url.port().unwrap_or(usual_port);
        Ok(Self { host, port, encryption, credentials, hello: ClientId::default() })
    }

    /// Begins a conversation: connects, encrypts, logs in.
    ///
    /// # Errors
    /// [`NotSent::ForNow`]: whatever is wrong here is not wrong with a message.
    pub async fn connect(&self) -> Result<AsyncSmtpConnection, NotSent> {
        let connecting = async {
            let mut connection = self.open().await?;
            match &self.encryption {
                Encryption::Required(tls) => connection.starttls(tls.clone(), &self.hello).await.map_err(for_now)?,
                Encryption::IfOffered(tls) if connection.can_starttls() => {
                    connection.starttls(tls.clone(), &self.hello).await.map_err(for_now)?;
                }
                Encryption::IfOffered(_) | Encryption::None | Encryption::FromTheStart(_) => {}
            }
            if let Some(credentials) = &self.credentials {
                connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await.map_err(for_now)?;
            }
            Ok(connection)
        };
        tokio::time::timeout(CONNECTING, connecting)
            .await
            .unwrap_or_else(|_| Err(NotSent::ForNow("the mail server does not answer".to_owned())))
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, NotSent> {
        let address = (self.host.as_str(), self.port);
        if let Encryption::FromTheStart(tls) = &self.encryption {
            let tls = Some(tls.clone());
            let connection = AsyncSmtpConnection::connect_tokio1(address, Some(CONNECTING), &self.hello, tls, None);
            return connection.await.map_err(for_now);
        }
        let stream = TcpStream::connect(address).await.map_err(for_now)?;
        stream.set_nodelay(true).map_err(for_now)?;
        AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello).await.map_err(for_now)
    }
}

fn for_now(error: impl std::error::Error) -> NotSent {
    NotSent::ForNow(match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    })
}

fn decode(text: &str) -> Result<String, String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| "has a name or password that is not text (UTF-8)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_encryption_follow_from_the_url() {
        for (url, port) in [
            ("smtp://mail.gov.sg", 25),
            ("smtp://mail.gov.sg?tls=required", 587),
            ("smtp://mail.gov.sg?tls=opportunistic", 587),
            ("smtps://user:pass@mail.gov.sg", 465),
            ("smtp://127.0.0.1:2525", 2525),
            ("smtp://[::1]:2525", 2525),
        ] {
            assert_eq!(Server::at(url).map(|server| server.port), Ok(port), "{url}");
        }
        assert_eq!(Server::at("smtp://[::1]").map(|server| server.host), Ok("::1".to_owned()));
        let required = Server::at("smtp://mail.gov.sg?tls=required").expect("usable");
        assert!(matches!(required.encryption, Encryption::Required(_)));
    }

    #[test]
    fn what_is_no_mail_server_is_refused_without_repeating_it() {
        for url in ["mail.gov.sg", "http://u:hunter2@mail.gov.sg", "smtp://", "smtp://u:hunter2@mail.gov.sg?tls=maybe"]
        {
            let problem = Server::at(url).err().expect("refused");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}
