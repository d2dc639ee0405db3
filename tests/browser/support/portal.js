// The portal under test: the real binary on a free port, with a database and an identity provider of its own. Stopped by its process
// id, and only that.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { settingsFor, startProviderFor } from "./provider.js";
import { Wire } from "./wire.js";

// Told to stop, the tests stop what they started.
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]]) process.once(signal, () => process.exit(code));

const STARTS_WITHIN = 20_000;
const STOPS_WITHIN = 15_000;

export class Portal {
  /** Starts a portal. What it may log as an error is up to the test: by default nothing. `isNamed`: at a name and not at a number. */
  static async start({ mayLogErrors = false, withDemoPeople = false, isNamed = false } = {}) {
    const portal = new Portal();
    portal.mayLogErrors = mayLogErrors;
    portal.withDemoPeople = withDemoPeople;
    portal.isNamed = isNamed;
    await portal.#createDatabase();
    try {
      await portal.#serve();
    } catch (error) {
      await portal.stop().catch(() => {});
      throw error;
    }
    return portal;
  }

  /** A statement in the portal's database: what a test cannot bring about by waiting. Gives the rows. */
  async sql(statement, ...values) {
    return (await this.database.query(statement, values)).rows;
  }

  /** How many rows a query counts: `count("accounts where email = $1", email)`. */
  async count(from, ...values) {
    const [row] = await this.sql(`select count(*)::int as n from ${from}`, ...values);
    return row.n;
  }

  /** Cuts the portal off from its database while something is done. */
  async withoutDatabase(whatToDo) {
    this.wire.cut();
    try {
      return await whatToDo();
    } finally {
      this.wire.mend();
    }
  }

  /** What was sent, newest first. */
  async inbox() {
    const response = await fetch(`${this.address}/dev/inbox.json`);
    return response.json();
  }

  /** The newest message to somebody whose subject begins like this, once it has come. */
  async mail(to, subject, within = 2_000) {
    return until(`an e-mail “${subject}” to ${to}`, within, async () => {
      const messages = await this.inbox();
      return messages.find((message) => message.to === to && message.subject.startsWith(subject));
    });
  }

  async stop() {
    const problems = [];
    if (this.process) problems.push(...(await this.#stopProcess()));
    await this.provider?.stop();
    this.wire?.close();
    await this.database?.end();
    await this.#atServer(`drop database if exists ${this.databaseName} with (force)`);
    const errors = this.log.filter((line) => / ERROR |panicked/.test(line));
    if (errors.length && !this.mayLogErrors) problems.push(`it logged errors:\n${errors.join("\n")}`);
    if (problems.length) throw new Error(`the portal: ${problems.join("; ")}`);
  }

  log = [];

  async #createDatabase() {
    this.databaseName = `browser_${process.pid}_${randomBytes(4).toString("hex")}`;
    await this.#atServer(`create database ${this.databaseName}`);
    const url = new URL(required("DATABASE_URL"));
    url.pathname = this.databaseName;
    this.database = new pg.Client({ connectionString: url.href });
    await this.database.connect();
    this.wire = await Wire.to(url.hostname, Number(url.port || 5432));
    url.hostname = "127.0.0.1";
    url.port = this.wire.port;
    this.databaseUrl = url.href;
  }

  async #atServer(statement) {
    const client = new pg.Client({ connectionString: required("DATABASE_URL") });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  async #serve() {
    const port = await freePort();
    this.address = `http://${this.isNamed ? "localhost" : "127.0.0.1"}:${port}`;
    this.provider = await startProviderFor(this.address);
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("PORTAL_"));
    const environment = {
      ...Object.fromEntries(kept),
      PORTAL_DATABASE_URL: this.databaseUrl,
      PORTAL_LISTEN: `127.0.0.1:${port}`,
      PORTAL_BASE_URL: this.address,
      PORTAL_SECRET_KEY: randomBytes(32).toString("base64"),
      ...settingsFor(this.provider),
    };
    for (const command of this.withDemoPeople ? ["migrate", "demo"] : ["migrate"]) {
      await this.#run(command, environment);
      const [code] = await once(this.process, "exit");
      if (code !== 0) throw new Error(`portal ${command} failed:\n${this.log.join("\n")}`);
    }
    await this.#run("serve", environment);
    await until("the portal to be ready", STARTS_WITHIN, async () => {
      if (this.process.exitCode !== null) throw new Error(`portal serve ended:\n${this.log.join("\n")}`);
      return fetch(`${this.address}/readyz`).then((response) => response.ok, () => false);
    });
  }

  async #run(command, env) {
    const child = spawn(required("PORTAL_BIN"), [command], { env, stdio: ["ignore", "pipe", "pipe"] });
    const listen = (stream) => {
      let rest = "";
      stream.setEncoding("utf8").on("data", (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        this.log.push(...lines);
      });
    };
    listen(child.stdout);
    listen(child.stderr);
    this.process = child;
    process.once("exit", () => child.kill("SIGKILL")); // Should the tests themselves be stopped.
    await once(child, "spawn");
  }

  async #stopProcess() {
    const child = this.process;
    if (child.exitCode !== null || child.signalCode !== null) return [`it ended by itself (${child.exitCode})`];
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN);
    const [code, signal] = await ended;
    clearTimeout(late);
    return code === 0 ? [] : [`it did not stop well (${signal ?? code})`];
  }
}

/** Asks again and again until there is an answer. */
export async function until(what, within, ask) {
  const end = Date.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() >= end) throw new Error(`waited ${within} ms for ${what}`);
    await pause(20);
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: script/test browser sets it`);
  return value;
}
