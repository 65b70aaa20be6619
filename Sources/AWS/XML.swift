/// An element of an XML document, as far as AWS's documents go: elements, attributes and text.
///
/// XML 1.0 (Fifth Edition). Document types are refused, so that there are no entities but the five that XML has itself.
package struct XML: Sendable, Equatable {
    package struct Attribute: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// With its prefix, when it has one.
    package var name: String
    package var attributes: [Attribute]
    package var children: [XML]
    /// The text directly in this element; white space between children is left out.
    package var text: String

    package init(_ name: String, attributes: [Attribute] = [], _ children: [XML] = [], text: String = "") {
        self.name = name
        self.attributes = attributes
        self.children = children
        self.text = text
    }

    /// The first child of this name.
    package subscript(_ name: String) -> XML? { children.first { $0.name == name } }

    package func all(_ name: String) -> [XML] { children.filter { $0.name == name } }

    /// The first element of this name, here or anywhere below, depth first.
    package func find(_ name: String) -> XML? {
        if self.name == name { return self }
        for child in children { if let found = child.find(name) { return found } }
        return nil
    }

    /// The element as text.
    package var document: [UInt8] {
        var text: [UInt8] = []
        append(to: &text)
        return text
    }

    private func append(to bytes: inout [UInt8]) {
        bytes += "<\(name)".utf8
        for attribute in attributes { bytes += " \(attribute.name)=\"\(Self.escape(attribute.value))\"".utf8 }
        bytes += ">".utf8
        if children.isEmpty { bytes += Self.escape(text).utf8 }
        for child in children { child.append(to: &bytes) }
        bytes += "</\(name)>".utf8
    }

    private static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\r": escaped += "&#13;"
            case "\n": escaped += "&#10;"
            case "\t": escaped += "&#9;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// Why a text is not XML that we take.
package struct XMLError: Error, Equatable {
    package var reason: String
    /// Bytes from the beginning.
    package var offset: Int
}

extension XML {
    /// Parses one document. Any bytes may be given; none make it trap.
    package static func parse(_ text: [UInt8]) throws(XMLError) -> XML {
        var parser = XMLParser(text: text)
        return try parser.document()
    }
}

private struct XMLParser {
    let text: [UInt8]
    var offset = 0
    private var elements = 0

    init(text: [UInt8]) { self.text = text }

    private static let maximumDepth = 64
    private static let maximumElements = 500_000

    mutating func document() throws(XMLError) -> XML {
        if text.starts(with: [0xef, 0xbb, 0xbf]) { offset = 3 }
        try skipMisc()
        guard take("<") else { throw error("there is no element") }
        let root = try element(depth: 0)
        try skipMisc()
        guard offset == text.count else { throw error("there is something after the end of the document") }
        return root
    }

    private func error(_ reason: String) -> XMLError { XMLError(reason: reason, offset: offset) }

    private func at(_ literal: StaticString) -> Bool {
        literal.withUTF8Buffer { bytes in
            guard text.count - offset >= bytes.count else { return false }
            for index in 0..<bytes.count where unsafe bytes[index] != text[offset + index] { return false }
            return true
        }
    }

    private mutating func take(_ literal: StaticString) -> Bool {
        guard at(literal) else { return false }
        offset += literal.utf8CodeUnitCount
        return true
    }

    private mutating func skip(to literal: StaticString) throws(XMLError) {
        while offset < text.count {
            if take(literal) { return }
            offset += 1
        }
        throw error("the document ends in the middle")
    }

    private mutating func skipSpace() {
        while offset < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[offset]) { offset += 1 }
    }

    /// Declarations, comments and instructions around the root.
    private mutating func skipMisc() throws(XMLError) {
        while true {
            skipSpace()
            if take("<?") {
                try skip(to: "?>")
            } else if take("<!--") {
                try skip(to: "-->")
            } else if at("<!") {
                throw error("document types are not taken")
            } else {
                return
            }
        }
    }

    private mutating func name() throws(XMLError) -> String {
        let start = offset
        while offset < text.count, text[offset] > 0x20, !"<>/=\"'&?!".utf8.contains(text[offset]) { offset += 1 }
        guard offset > start else { throw error("a name is missing") }
        return String(decoding: text[start..<offset], as: UTF8.self)
    }

    /// An element whose `<` has been read.
    private mutating func element(depth: Int) throws(XMLError) -> XML {
        elements += 1
        guard depth < Self.maximumDepth, elements <= Self.maximumElements else {
            throw error("there is too much of it")
        }
        var element = XML(try name())
        while true {
            skipSpace()
            if take("/>") { return element }
            if take(">") { break }
            let attribute = try name()
            skipSpace()
            guard take("=") else { throw error("an attribute has no value") }
            skipSpace()
            element.attributes.append(XML.Attribute(attribute, try attributeValue()))
        }
        try content(of: &element, depth: depth)
        return element
    }

    private mutating func attributeValue() throws(XMLError) -> String {
        guard offset < text.count, text[offset] == UInt8(ascii: "\"") || text[offset] == UInt8(ascii: "'")
        else { throw error("an attribute's value has no quotes") }
        let quote = text[offset]
        offset += 1
        var value: [UInt8] = []
        while offset < text.count, text[offset] != quote, text[offset] != UInt8(ascii: "<") {
            try appendCharacter(to: &value)
        }
        guard offset < text.count, text[offset] == quote else { throw error("an attribute's value does not end") }
        offset += 1
        return String(decoding: value, as: UTF8.self)
    }

    private mutating func content(of element: inout XML, depth: Int) throws(XMLError) {
        var characters: [UInt8] = []
        while offset < text.count {
            if take("</") {
                guard try name() == element.name else { throw error("an element ends that has not begun") }
                skipSpace()
                guard take(">") else { throw error("an end is not closed") }
                let isBlank = characters.allSatisfy { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
                element.text =
                    isBlank && !element.children.isEmpty ? "" : String(decoding: characters, as: UTF8.self)
                return
            }
            if take("<!--") {
                try skip(to: "-->")
            } else if take("<![CDATA[") {
                let start = offset
                try skip(to: "]]>")
                characters += text[start..<offset - 3]
            } else if take("<?") {
                try skip(to: "?>")
            } else if take("<") {
                element.children.append(try self.element(depth: depth + 1))
            } else {
                try appendCharacter(to: &characters)
            }
        }
        throw error("the document ends inside ‘\(element.name)’")
    }

    private mutating func appendCharacter(to bytes: inout [UInt8]) throws(XMLError) {
        guard text[offset] == UInt8(ascii: "&") else {
            bytes.append(text[offset])
            offset += 1
            return
        }
        guard let end = text[offset...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw error("a reference does not end")
        }
        let reference = String(decoding: text[offset + 1..<end], as: UTF8.self)
        switch reference {
        case "amp": bytes += "&".utf8
        case "lt": bytes += "<".utf8
        case "gt": bytes += ">".utf8
        case "quot": bytes += "\"".utf8
        case "apos": bytes += "'".utf8
        default:
            let number =
                reference.hasPrefix("#x")
                ? UInt32(reference.dropFirst(2), radix: 16)
                : reference.hasPrefix("#") ? UInt32(reference.dropFirst()) : nil
            guard let number, let scalar = Unicode.Scalar(number) else { throw error("an unknown reference") }
            bytes += String(Character(scalar)).utf8
        }
        offset = end + 1
    }
}
