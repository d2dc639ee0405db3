//! Is the list of addresses that the other tests go through the list of addresses that there are?

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::support::routes::ROUTES;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Every `.route("…", …)` in the source: the pattern, whether a browser can open it, and whether it takes anything else.
fn routes_in(source: &str) -> Vec<(String, bool, bool)> {
    let mut routes = Vec::new();
    for rest in source.split(".route(").skip(1) {
        let Some((pattern, rest)) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"')) else {
            continue;
        };
        let mut depth = 1_i32;
        let end = rest.find(|letter| {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            depth == 0
        });
        let handlers = &rest[..end.expect("a closing parenthesis")];
        let takes = ["post(", "put(", "patch(", "delete(", "any("].iter().any(|verb| handlers.contains(verb));
        routes.push((pattern.to_owned(), handlers.contains("get("), takes));
    }
    routes
}

#[test]
fn the_list_of_addresses_is_that_of_the_source() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let source: BTreeSet<_> =
        sources(&folder).iter().flat_map(|path| routes_in(&fs::read_to_string(path).expect("a source file"))).collect();
    let listed: BTreeSet<_> =
        ROUTES.iter().map(|route| (route.pattern.to_owned(), route.opens(), route.posts)).collect();
    assert_eq!(listed, source, "tests/it/support/routes.rs against src");
}
