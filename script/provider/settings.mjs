// What the provider is told by its environment. It asks for nobody's password, so it refuses to serve anybody but this machine.

const LOOPBACK = /^(127(\.\d{1,3}){3}|\[::1\]|localhost|[a-z0-9-]+\.localhost)$/;

export function settingsFrom(environment) {
  const listen = required(environment, "PROVIDER_LISTEN");
  const port = /^127\.0\.0\.1:(\d{1,5})$/.exec(listen)?.[1];
  if (port === undefined || Number(port) > 65535) throw new Error(`PROVIDER_LISTEN is ${listen}: it must be 127.0.0.1:PORT (0 is any free port)`);
  return {
    port: Number(port),
    clientId: required(environment, "PROVIDER_CLIENT_ID"),
    clientSecret: required(environment, "PROVIDER_CLIENT_SECRET"),
    redirectUris: required(environment, "PROVIDER_REDIRECT_URIS").split(/\s+/).map(loopbackUri),
  };
}

function required(environment, name) {
  const value = environment[name]?.trim();
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

function loopbackUri(text) {
  if (!URL.canParse(text)) throw new Error(`PROVIDER_REDIRECT_URIS has ${text}, which is no address`);
  const { protocol, hostname } = new URL(text);
  if (!/^https?:$/.test(protocol) || !LOOPBACK.test(hostname)) throw new Error(`PROVIDER_REDIRECT_URIS has ${text}, which is not on this machine`);
  return text;
}
