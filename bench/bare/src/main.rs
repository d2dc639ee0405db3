//! The least that a web server can do: a page of 6 KB from a template, and a post that writes three rows durably. No logs, no
//! metrics, no checks. The portal is measured beside it, in the same run on the same machine.

use std::sync::Mutex;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use askama::Template;
use axum::{
    Form, Router,
    extract::State,
    http::StatusCode,
    response::{Html, Redirect},
    routing::{get, post},
};
use serde::Deserialize;
use sqlx::{PgPool, postgres::PgPoolOptions};
use time::{Duration, OffsetDateTime};
use tokio::{net::TcpListener, sync::Semaphore};
use tower_http::compression::CompressionLayer;
use uuid::Uuid;

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    title: &'a str,
    csrf: &'a str,
    rows: std::ops::Range<u32>,
}

#[derive(Deserialize)]
struct SignUp {
    email: String,
}

type Answer<T> = Result<T, (StatusCode, String)>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listen = std::env::args().nth(1).ok_or("usage: bare ADDRESS:PORT")?;
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .test_before_acquire(false)
        .connect_lazy(&std::env::var("DATABASE_URL")?)?;
    let compressed = Router::new().route("/br", get(page)).layer(CompressionLayer::new());
    let router = Router::new()
        .route("/", get(page))
        .merge(compressed)
        .route("/three", post(three_inserts))
        .route("/one", post(one_statement))
        .route("/hash", post(hash_password))
        .with_state(pool);
    axum::serve(TcpListener::bind(listen).await?, router).await?;
    Ok(())
}

async fn page() -> Answer<Html<String>> {
    let page = Page { title: "Sign up", csrf: "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", rows: 1..21 };
    page.render().map(Html).map_err(failed)
}

/// What most programs do: a transaction with three statements, each a round trip.
async fn three_inserts(State(pool): State<PgPool>, Form(form): Form<SignUp>) -> Answer<Redirect> {
    write_three(&pool, &form.email).await.map_err(failed)?;
    Ok(Redirect::to("/"))
}

async fn write_three(pool: &PgPool, email: &str) -> sqlx::Result<()> {
    let (account, now) = (Uuid::now_v7(), OffsetDateTime::now_utc());
    let mut transaction = pool.begin().await?;
    sqlx::query("insert into bare.accounts (id, email, status, created_at) values ($1, $2, 'pending', $3)")
        .bind(account)
        .bind(email)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("insert into bare.tokens (hash, account_id, expires_at) values ($1, $2, $3)")
        .bind(hash())
        .bind(account)
        .bind(now + Duration::days(30))
        .execute(&mut *transaction)
        .await?;
    sqlx::query("insert into bare.outbox (id, recipient, body, created_at) values ($1, $2, $3, $4)")
        .bind(Uuid::now_v7())
        .bind(email)
        .bind([b'x'; 200].as_slice())
        .bind(now)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

/// The same rows without round trips in between.
async fn one_statement(State(pool): State<PgPool>, Form(form): Form<SignUp>) -> Answer<Redirect> {
    write_one(&pool, &form.email).await.map_err(failed)?;
    Ok(Redirect::to("/"))
}

async fn write_one(pool: &PgPool, email: &str) -> sqlx::Result<()> {
    let now = OffsetDateTime::now_utc();
    sqlx::query(
        "with account as (
             insert into bare.accounts (id, email, status, created_at) values ($1, $2, 'pending', $3) returning id
         ), token as (
             insert into bare.tokens (hash, account_id, expires_at) select $4, id, $5 from account
         )
         insert into bare.outbox (id, recipient, body, created_at) values ($6, $2, $7, $3)",
    )
    .bind(Uuid::now_v7())
    .bind(email)
    .bind(now)
    .bind(hash())
    .bind(now + Duration::days(30))
    .bind(Uuid::now_v7())
    .bind([b'x'; 200].as_slice())
    .execute(pool)
    .await
    .map(drop)
}

/// What checking a password cannot do without: Argon2id (19 MiB, 2 passes), two at once, in memory that is used again.
async fn hash_password(Form(form): Form<SignUp>) -> Answer<Redirect> {
    static TURNS: Semaphore = Semaphore::const_new(2);
    static MEMORY: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());
    let _turn = TURNS.acquire().await.map_err(failed)?;
    let hashing = tokio::task::spawn_blocking(move || {
        let params = Params::new(19 * 1_024, 2, 1, Some(32))?;
        let kept = MEMORY.lock().ok().and_then(|mut memory| memory.pop());
        let mut memory = kept.unwrap_or_else(|| vec![Block::new(); params.block_count()]);
        let mut hash = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
            form.email.as_bytes(),
            &[0; 16],
            &mut hash,
            &mut memory,
        )?;
        if let Ok(mut kept) = MEMORY.lock() {
            kept.push(memory);
        }
        Ok::<_, argon2::Error>(hash)
    });
    hashing.await.map_err(failed)?.map_err(failed)?;
    Ok(Redirect::to("/"))
}

/// 32 bytes that are never the same twice.
fn hash() -> Vec<u8> {
    [*Uuid::now_v7().as_bytes(), *Uuid::now_v7().as_bytes()].concat()
}

fn failed(error: impl std::error::Error) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
