//! A mail server of the tests' own: speaks real SMTP, answers as the test says, and keeps every message as it came.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use portal::messages::security_notice::Happened;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Notify,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::mail::Mail;

/// How the server answers for one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Takes the message.
    Take,
    /// 550: there is no such mailbox, and there will be none.
    RefuseForGood,
    /// 451: not now.
    RefuseForNow,
    /// 530: log in first. About the sender's settings, not about the message.
    RefuseToTalk,
    /// Says nothing more, and keeps the connection open.
    Hang,
    /// Takes the message, but says so only when [`Sink::goes_on`] is called.
    TakeLate,
    /// Reads the message, and refuses it for now.
    RefuseContentForNow,
    /// Takes the message, keeps it, and hangs up before saying so.
    TakeAndHangUp,
}

#[derive(Debug, Default)]
struct State {
    unread: Vec<Mail>,
    answers: HashMap<String, VecDeque<Answer>>,
    always: HashMap<String, Answer>,
    recipients_asked: usize,
    goes_on: Arc<Notify>,
}

/// The mail server.
pub struct Sink {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    up: Mutex<Option<CancellationToken>>,
}

impl Sink {
    /// A mail server on a free port, up and taking everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let sink = Self { address, state: Arc::default(), up: Mutex::default() };
        sink.serve(listener);
        sink
    }

    /// Its address, as `PORTAL_MAIL__URL` takes it.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// How it answers for `recipient` the next times; after that it takes everything.
    pub fn answers(&self, recipient: &str, answers: &[Answer]) {
        self.state().answers.entry(recipient.to_owned()).or_default().extend(answers);
    }

    /// How it answers for `recipient` from now on.
    pub fn always_answers(&self, recipient: &str, answer: Answer) {
        self.state().always.insert(recipient.to_owned(), answer);
    }

    /// Hangs up on everybody and takes no more connections.
    pub fn goes_down(&self) {
        let up = self.up.lock().unwrap_or_else(PoisonError::into_inner).take();
        up.expect("it was up").cancel();
    }

    /// Takes connections again, at the same address.
    pub async fn comes_back(&self) {
        for _ in 0..1_000 {
            if let Ok(listener) = TcpListener::bind(self.address).await {
                self.serve(listener);
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the mail server's port is not free again");
    }

    /// Takes out every message to `recipient` that was not read yet, in the order in which they came. Those about a new browser are
    /// left: whoever signs in with a second one causes one, in many tests that are about something else.
    pub fn reads(&self, recipient: &str) -> Vec<Mail> {
        self.state().unread.extract_if(.., |mail| mail.recipient == recipient && !is_of_new_browser(mail)).collect()
    }

    /// Takes out every message about a new browser to `recipient` that was not read yet.
    pub fn reads_of_new_browsers(&self, recipient: &str) -> Vec<Mail> {
        self.state().unread.extract_if(.., |mail| mail.recipient == recipient && is_of_new_browser(mail)).collect()
    }

    /// Takes out every message that was not read yet.
    pub fn reads_all(&self) -> Vec<Mail> {
        std::mem::take(&mut self.state().unread)
    }

    /// Whose messages were not read yet, but for those about a new browser.
    pub fn unread(&self) -> Vec<String> {
        let state = self.state();
        state.unread.iter().filter(|mail| !is_of_new_browser(mail)).map(|mail| mail.recipient.clone()).collect()
    }

    /// Says what it kept back ([`Answer::TakeLate`]).
    pub fn goes_on(&self) {
        self.state().goes_on.notify_one();
    }

    /// How many times somebody tried to send, taken or not.
    pub fn tries(&self) -> usize {
        self.state().recipients_asked
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, listener: TcpListener) {
        let up = CancellationToken::new();
        let state = Arc::clone(&self.state);
        tokio::spawn(up.clone().run_until_cancelled_owned(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(converse(stream, Arc::clone(&state)));
            }
        }));
        *self.up.lock().unwrap_or_else(PoisonError::into_inner) = Some(up);
    }
}

/// One connection, until it ends. A client that hangs up is no mistake of the test.
async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) {
    let (read, write) = stream.into_split();
    let _ = Conversation { read: BufReader::new(read), write, state }.run().await;
}

struct Conversation {
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
    state: Arc<Mutex<State>>,
}

impl Conversation {
    async fn run(mut self) -> std::io::Result<()> {
        self.say("220 sink.example ESMTP").await?;
        let (mut recipient, mut answer) = (String::new(), Answer::Take);
        loop {
            let line = self.line().await?;
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => self.say("250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8").await?,
                "RCPT" => {
                    recipient = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    answer = self.decide(&recipient);
                    match answer {
                        Answer::Take | Answer::TakeAndHangUp | Answer::TakeLate | Answer::RefuseContentForNow => {
                            self.say("250 2.1.5 ok").await?
                        }
                        Answer::RefuseForGood => self.say(&format!("550 5.1.1 <{recipient}>: no such user")).await?,
                        Answer::RefuseForNow => self.say(&format!("451 4.3.0 <{recipient}>: try later")).await?,
                        Answer::RefuseToTalk => self.say("530 5.7.0 authentication required").await?,
                        Answer::Hang => std::future::pending().await,
                    }
                }
                "DATA" => {
                    self.say("354 go on").await?;
                    let raw = self.message().await?;
                    if answer == Answer::RefuseContentForNow {
                        self.say("451 4.3.0 try later").await?;
                        continue;
                    }
                    let mail = Mail { recipient: recipient.clone(), raw };
                    let goes_on = self.keep(mail);
                    match answer {
                        Answer::TakeAndHangUp => return Ok(()),
                        Answer::TakeLate => goes_on.notified().await,
                        _ => {}
                    }
                    self.say("250 2.0.0 taken").await?;
                }
                "QUIT" => return self.say("221 bye").await,
                "MAIL" | "RSET" | "NOOP" => self.say("250 2.0.0 ok").await?,
                _ => self.say("502 5.5.1 what?").await?,
            }
        }
    }

    fn keep(&self, mail: Mail) -> Arc<Notify> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.unread.push(mail);
        Arc::clone(&state.goes_on)
    }

    fn decide(&self, recipient: &str) -> Answer {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.recipients_asked += 1;
        let next = state.answers.get_mut(recipient).and_then(VecDeque::pop_front);
        next.or_else(|| state.always.get(recipient).copied()).unwrap_or(Answer::Take)
    }

    /// The message up to the lone dot, with the dots that were doubled on the way made single again (RFC 5321 §4.5.2).
    async fn message(&mut self) -> std::io::Result<Vec<u8>> {
        let mut raw = Vec::new();
        loop {
            let line = self.line().await?;
            if line == b".\r\n" {
                return Ok(raw);
            }
            raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    async fn line(&mut self) -> std::io::Result<Vec<u8>> {
        let mut line = Vec::new();
        if self.read.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line)
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.write.write_all(format!("{line}\r\n").as_bytes()).await
    }
}

fn is_of_new_browser(mail: &Mail) -> bool {
    mail.subject() == Happened::NewBrowser.in_words()
}
