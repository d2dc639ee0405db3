-- The first versions of the terms (docs/rules.md §4.9, §4.10). Later ones are published by an administrator; none is ever changed.

insert into terms (document, version, title, content, hash, effective_at)
select document, 1, title, content, sha256(convert_to(content, 'UTF8')), '2026-11-01 00:00+08'
  from (values
('privacy', 'Privacy Policy', $privacy$This policy tells you what the TechPass onboarding portal knows about you, what for, and for how long.

## What we keep

- Who you are: your name, e-mail address, mobile number, agency and department.
- How you sign in: a one-way form of your password, your authenticators and passkeys. We cannot read your password.
- What you did: when you signed in, what you changed, which terms you accepted.
- What we sent you, and whether it arrived.

## What we use it for

We use it to give you a TechPass, to keep it safe, to help you when something goes wrong, and to show who did what. We do not use it to judge your work, and we sell nothing.

## Who sees it

Your inviter sees how far your onboarding is. Agents of the service desk see what they need to help you. Administrators can see your account. Each look that changes something is written down.

## How long

If your account ends, we delete what is personal five days later. The record of what happened stays, without your name.

## Your rights

You can see and correct your details in My Account. To ask for more, raise a service request.
$privacy$),
('terms_of_use', 'Terms of Use', $terms$These terms are the rules for using TechPass.

## Your account is yours alone

- Do not share your password, your codes or your passkeys. Nobody from TechPass ever asks for them.
- Sign in only on devices that you are allowed to use for work.
- Lock your device when you leave it.

## Use it for your work

Use TechPass only for the work that you were given it for. Do not try to get at systems or data that are not meant for you.

## Tell us

Tell the service desk at once if you lose a phone or a device, if somebody else may know your password, or if you see a sign-in that was not yours.

## When it ends

An account that nobody signs in to for 90 days is disabled, and after 180 days it ends. If your work for the government ends, so does your account. We may disable an account to keep others safe.

## Your actions

What is done with your account counts as done by you. Breaking these terms may lead to the loss of your account and to further steps under the law and your contract.
$terms$),
('mdm_aup', 'MDM Acceptable Use Policy', $mdm$You asked for SEED. SEED manages the device that you work from, with a device management service (MDM). This policy tells you what that means.

## What SEED does on your device

- It checks that the disk is encrypted, the system is up to date, and the security software runs.
- It installs security software and settings.
- It can lock your device, or remove work data from it, if it is lost or not safe.

## What SEED does not do

It does not read your personal files, messages or photos.

## What you agree to

- Keep the security software running. Do not remove it or switch it off.
- Install updates when you are asked to.
- Tell the service desk at once if the device is lost or stolen.
- Ask for the device to be removed from SEED when you stop using it for work.
$mdm$)) as first (document, title, content);
