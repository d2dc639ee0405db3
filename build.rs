//! Takes the static files into the binary, compressed, in development too: what is tested is what is served.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    memory_serve::load_directory_with_embed("./static", true);
}
