//! A mail server that takes everything and writes down what came, when: one line a message, before it says that it has it.

use std::{
    fs::File,
    io::Write,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use clap::Args;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::Result;

#[derive(Args)]
pub struct Sink {
    /// Gets `MICROSECONDS MESSAGE-ID RECIPIENT` for each message; microseconds since 1970
    file: PathBuf,
    /// How long each message takes
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
}

struct Book {
    file: Mutex<File>,
    delay: Duration,
}

impl Sink {
    pub async fn run(self) -> Result<()> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let book =
            Arc::new(Book { file: File::create(&self.file)?.into(), delay: Duration::from_millis(self.delay_ms) });
        println!("{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let book = Arc::clone(&book);
            // A client that was killed in the middle ends its conversation with an error: nobody has to hear of it.
            tokio::spawn(async move { book.converse(stream).await });
        }
    }
}

impl Book {
    async fn converse(&self, stream: TcpStream) -> Result<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 sink ESMTP\r\n").await?;
        let (mut line, mut recipient) = (String::new(), String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            let answer = match word.as_str() {
                "EHLO" => "250-sink\r\n250 8BITMIME\r\n",
                "RCPT" => {
                    // Here and not after the message: it has arrived once its last byte is sent, whatever becomes of the sender.
                    tokio::time::sleep(self.delay).await;
                    recipient = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    "250 OK\r\n"
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    let message_id = read_message(&mut stream).await?;
                    self.note(&message_id, &recipient)?;
                    "250 taken\r\n"
                }
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 OK\r\n",
            };
            stream.write_all(answer.as_bytes()).await?;
        }
    }

    fn note(&self, message_id: &str, recipient: &str) -> Result<()> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_micros();
        let line = format!("{now} {message_id} {recipient}\n");
        self.file.lock().map_err(|_| "another conversation failed")?.write_all(line.as_bytes())?;
        Ok(())
    }
}

/// Reads a message to its end, and gives its Message-ID.
async fn read_message(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let (mut line, mut message_id) = (Vec::new(), String::new());
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err("the message did not arrive whole".into());
        }
        if line == b".\r\n" {
            return Ok(message_id);
        }
        let text = String::from_utf8_lossy(&line);
        if message_id.is_empty() && text.to_ascii_lowercase().starts_with("message-id:") {
            message_id = text.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        }
    }
}
