-- Secrets under the previous key are encrypted anew (docs/rules.md §4.25): their first bytes say under which one they are.

create index authenticators_key on authenticators (substring(secret from 1 for 4));
