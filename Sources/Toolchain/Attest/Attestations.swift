package import ByteKit
package import Report

/// What a build writes beside its result about it.
package struct Attestations: Sendable {
    /// The forms in which the packages in the result are listed.
    package var bills: [BillFormat] = []
    /// Whether it is written down what the result was made from.
    package var hasProvenance = false
    /// What the result is signed with.
    package var key: SigningKey?

    package init() {}
}
