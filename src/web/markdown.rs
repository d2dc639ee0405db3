//! Markdown in, clean HTML out: whoever may write a document still cannot put a script into it.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Parser, Tag, TagEnd, html};

/// The HTML of a text in Markdown. Headings begin at the second level: the page has the first. HTML in the text shows as text.
pub fn clean_html(markdown: &str) -> String {
    let events = Parser::new(markdown).map(|event| match event {
        Event::Start(Tag::Heading { level: HeadingLevel::H1, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: HeadingLevel::H2, id, classes, attrs })
        }
        Event::End(TagEnd::Heading(HeadingLevel::H1)) => Event::End(TagEnd::Heading(HeadingLevel::H2)),
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(CowStr::from(text.into_string())),
        other => other,
    });
    let mut page = String::new();
    html::push_html(&mut page, events);
    ammonia::Builder::default().rm_tags(["img"]).clean(&page).to_string()
}

#[cfg(test)]
mod tests {
    use super::clean_html;

    #[test]
    fn what_people_write_becomes_what_they_mean() {
        let html = clean_html("# Title\n\nSome **bold** text and a [link](https://www.gov.sg).\n\n- one\n- two\n");
        for part in ["<h2>Title</h2>", "<strong>bold</strong>", "href=\"https://www.gov.sg\"", "<li>one</li>"] {
            assert!(html.contains(part), "{html}");
        }
    }

    #[test]
    fn nothing_that_runs_gets_through() {
        for hostile in [
            "<script>alert(1)</script>",
            "[x](javascript:alert(1))",
            "<img src=x onerror=alert(1)>",
            "![x](https://evil.example/pixel.png)",
            "<a href=\"data:text/html,<script>\">x</a>",
            "<svg onload=alert(1)>",
            "<iframe src=https://evil.example></iframe>",
        ] {
            let html = clean_html(hostile);
            let is_inert = !html.contains("<script")
                && !html.contains("<img")
                && !html.contains("<svg")
                && !html.contains("<iframe")
                && !html.contains("href=\"javascript")
                && !html.contains("<a href=\"data");
            assert!(is_inert, "{hostile}: {html}");
        }
    }
}
