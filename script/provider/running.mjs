// A provider as a child process, for tests: started, asked to rotate its keys, stopped by its process id and only that.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("provider.mjs", import.meta.url));
const STARTS_WITHIN = 20_000;
const STOPS_WITHIN = 5_000;

export class RunningProvider {
  /** What it said on standard output. */
  said = [];

  static async start({ redirectUris, listen = "127.0.0.1:0", clientId = "portal", clientSecret = "development-only" }) {
    const provider = new RunningProvider();
    Object.assign(provider, { clientId, clientSecret });
    const child = spawn(process.execPath, [PROGRAM], {
      env: {
        ...process.env,
        PROVIDER_LISTEN: listen,
        PROVIDER_CLIENT_ID: clientId,
        PROVIDER_CLIENT_SECRET: clientSecret,
        PROVIDER_REDIRECT_URIS: redirectUris.join(" "),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    provider.process = child;
    provider.killAtExit = () => child.kill("SIGKILL"); // Should the tests themselves be stopped.
    process.once("exit", provider.killAtExit);
    await provider.#ready();
    return provider;
  }

  rotateKeys() {
    this.process.kill("SIGUSR2");
  }

  /** Gives its exit code. */
  async stop() {
    const child = this.process;
    process.off("exit", this.killAtExit);
    if (child.exitCode !== null) return child.exitCode;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN);
    const [code] = await ended;
    clearTimeout(late);
    return code;
  }

  async #ready() {
    const complaints = [];
    this.process.stderr.setEncoding("utf8").on("data", (text) => complaints.push(text));
    const lines = createInterface({ input: this.process.stdout });
    lines.on("line", (line) => this.said.push(line));
    const late = setTimeout(() => this.process.kill("SIGKILL"), STARTS_WITHIN);
    await Promise.race([once(lines, "line"), once(this.process, "exit")]);
    clearTimeout(late);
    this.issuer = /^provider ready (\S+)$/.exec(this.said[0] ?? "")?.[1];
    if (!this.issuer) {
      await this.stop();
      throw new Error(`the provider did not start: ${complaints.join("")}`);
    }
  }
}
