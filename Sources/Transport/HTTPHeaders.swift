/// Header fields in the order they came; names compare without case. RFC 9110, section 5.
package struct HTTPHeaders: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    package struct Field: Sendable, Equatable {
        /// Lower case.
        package let name: String
        package let value: String
    }

    package private(set) var fields: [Field] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { append(name, value) }
    }

    /// The first field of this name; setting replaces all of them.
    package subscript(_ name: String) -> String? {
        get {
            let name = name.lowercased()
            return fields.first { $0.name == name }?.value
        }
        set {
            let name = name.lowercased()
            fields.removeAll { $0.name == name }
            if let newValue { append(name, newValue) }
        }
    }

    /// Every field of this name.
    package func all(_ name: String) -> [String] {
        let name = name.lowercased()
        return fields.filter { $0.name == name }.map(\.value)
    }

    package mutating func append(_ name: String, _ value: String) {
        fields.append(Field(name: name.lowercased(), value: value))
    }

    /// Fields that prove who asks. They are for the host they were made for and nobody else.
    mutating func removeCredentials() {
        fields.removeAll { field in
            ["authorization", "proxy-authorization", "cookie"].contains(field.name) || field.name.hasPrefix("x-amz-")
        }
    }

    /// Whether every field can be sent as one line: no name or value can smuggle in a second.
    var isWellFormed: Bool {
        fields.allSatisfy { field in
            !field.name.isEmpty && field.name.utf8.allSatisfy { 0x21...0x7e ~= $0 && $0 != UInt8(ascii: ":") }
                && field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
        }
    }
}

extension HTTPHeaders: CustomStringConvertible {
    /// The names only: values may be secrets.
    package var description: String { "[" + fields.map(\.name).joined(separator: ", ") + "]" }
}
