// A device that keeps passkeys, in the browser of one visitor: Chromium's virtual authenticator.

const OPTIONS = {
  protocol: "ctap2",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

export class Device {
  /** The device of this visitor; with the passkeys of another one, if it is given. */
  static async of({ context, page }, { passkeys = [] } = {}) {
    const device = new Device();
    device.session = await context.newCDPSession(page);
    await device.session.send("WebAuthn.enable");
    const { authenticatorId } = await device.session.send("WebAuthn.addVirtualAuthenticator", { options: OPTIONS });
    device.authenticatorId = authenticatorId;
    for (const credential of passkeys) await device.session.send("WebAuthn.addCredential", { authenticatorId, credential });
    return device;
  }

  /** What it keeps. */
  async passkeys() {
    const { credentials } = await this.session.send("WebAuthn.getCredentials", { authenticatorId: this.authenticatorId });
    return credentials;
  }

  /** Whether its person shows their finger, their face or their PIN. */
  async knowsItsPerson(isUserVerified) {
    await this.session.send("WebAuthn.setUserVerified", { authenticatorId: this.authenticatorId, isUserVerified });
  }
}
