internal import ByteKit
internal import ImageModel
internal import JSON

extension Descriptor {
    /// The members that every descriptor has, as documents have them. OCI image specification, "Content Descriptors".
    var members: [(name: StaticString, json: JSON)] {
        [
            ("mediaType", .string(mediaType.description)), ("digest", .string(digest.description)),
            ("size", .integer(size)),
        ]
    }

    /// The descriptor without platform and annotations.
    var json: JSON { .object(members) }
}
