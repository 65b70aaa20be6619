package import AWS
internal import ByteKit

/// What has been published, and going back to what was before.
package struct Inventory: Sendable {
    let session: Session

    package init(_ session: Session) { self.session = session }

    /// A published function, for lists.
    package struct Entry: Sendable {
        package var function: LambdaAPI.Function
        /// What the alias stands for; nil when there is none.
        package var version: String?
        /// Where it can be called over HTTP.
        package var url: String?
    }

    /// The names of the functions of this region that anything is there of, or was a moment ago.
    package func names() throws -> [String] {
        let tagged = try session.tagging.resources(tagged: [Deployment.mark.name: Deployment.mark.value])
        return Set(tagged.values.compactMap { $0[Deployment.ownerTag] }).sorted()
    }

    /// The functions of this region that were published from here, by name.
    package func functions(alias: String = "live") throws -> [Entry] {
        // Everything that was made for a function names it; what a removal left, or is still told of, is no function.
        try names().compactMap { name in
            try Cancellation.check()
            guard let function = try session.lambda.function(name) else { return nil }
            return Entry(
                function: function, version: try session.lambda.alias(name, alias),
                url: try session.lambda.url(name, qualifier: alias)?.address)
        }
    }

    /// Lets callers have the version before the one they have, or a given one; gives both.
    package func rollBack(
        _ name: String, alias: String = "live", to wanted: Int? = nil
    ) throws -> (from: String, to: String) {
        guard let current = try session.lambda.alias(name, alias) else {
            throw PublishError(
                .notFound, "there is no alias \(alias) of a function \(name) in \(session.region.name)",
                hint: "‘scar-build ls’ lists what is published")
        }
        let versions = try session.lambda.versions(name)
        let before = versions.filter { $0 < Int(current) ?? 0 }.last
        guard let target = wanted ?? before, versions.contains(target) else {
            let list = versions.isEmpty ? "none" : versions.map(String.init).joined(separator: ", ")
            throw PublishError(
                .notFound,
                wanted.map { "there is no version \($0) of \(name)" }
                    ?? "there is no version of \(name) before \(current)",
                hint: "there are: \(list)")
        }
        try session.lambda.updateAlias(name, alias, version: String(target))
        return (current, String(target))
    }
}
