internal import ByteKit
internal import JSON

/// One self-contained page: no request leaves it, and nothing of its data is ever read as markup.
///
/// Data stands in a JSON element with every `<` escaped; the policy allows the one script and the one style by their
/// sums, and nothing else. CSP Level 3, section 2.3.1, "hash-source".
struct HTMLPage {
    private let title: String
    private let data: JSON
    private let script: String

    init(title: String, data: JSON, script: String) {
        self.title = title
        self.data = data
        self.script = script
    }

    var bytes: [UInt8] {
        let style = PageStyle.text
        let script = "\n\(PageScript.common)\(script)"
        let policy =
            "default-src 'none'; script-src '\(Self.sum(script))'; style-src '\(Self.sum(style))'; base-uri 'none'; form-action 'none'"
        var html = Array(
            """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <title>\(Self.escaped(title))</title>
            <style>\(style)</style>
            </head>
            <body>
            <main></main>
            <noscript>This page draws itself with its own script, and scripts are switched off.</noscript>
            <script type="application/json" id="data">
            """.utf8)
        for byte in data.text() {
            if byte == UInt8(ascii: "<") { html += "\\u003c".utf8 } else { html.append(byte) }
        }
        html += "</script>\n<script>\(script)</script>\n</body>\n</html>\n".utf8
        return html
    }

    private static func sum(_ text: String) -> String {
        "sha256-" + String(decoding: Base64.encode(Digest(of: Array(text.utf8)).bytes), as: UTF8.self)
    }

    private static func escaped(_ text: String) -> String {
        var safe = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": safe += "&amp;"
            case "<": safe += "&lt;"
            default: safe.unicodeScalars.append(character)
            }
        }
        return safe
    }
}
