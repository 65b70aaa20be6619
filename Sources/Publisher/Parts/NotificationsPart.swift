package import AWS
internal import ByteKit
internal import Transport

/// What makes a bucket call the function. Whatever else is in a bucket's configuration stays as it is.
struct NotificationsPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        var changes: [Change] = []
        for bucket in Set(deployment.inputs.map(\.bucket)).sorted() {
            let rules = Notification.rules(for: deployment.inputs.filter { $0.bucket == bucket })
            changes += try Self.changes(bucket, rules, deployment, session)
        }
        return changes
    }

    static func changes(
        _ bucket: String, _ rules: [Notification.Rule], _ deployment: Deployment, _ session: Session
    ) throws -> [Change] {
        let target = session.functionARN(deployment.name, alias: deployment.alias)
        let wanted = rules.map { Notification.element($0, calling: target, function: deployment.name) }
        // A bucket that comes with this run has none yet.
        let document = try session.s3.region(of: bucket) == nil ? nil : try session.s3.notifications(of: bucket)
        let there = (document?.children ?? []).filter { Notification.isOf(deployment.name, $0) }
        if let document { try Notification.check(rules, against: document, function: deployment.name, bucket: bucket) }
        guard Set(there.map(Notification.meaning)) != Set(wanted.map(Notification.meaning)) else { return [] }
        let details = [
            Change.Detail(
                "calls for", from: there.isEmpty ? nil : there.map(Notification.text).joined(separator: ", "),
                to: rules.isEmpty ? "(nothing)" : rules.map(\.text).joined(separator: ", "))
        ]
        let action: Change.Action = rules.isEmpty ? .remove : there.isEmpty ? .create : .update
        return [
            Change(action, "notification", "\(bucket) → \(deployment.name)", details) { session in
                try replace(in: bucket, function: deployment.name, with: wanted, session)
            }
        ]
    }

    /// Puts ours in the place of ours; reads again first, because others may have been here since.
    ///
    /// S3 takes the document as a whole and has no lock on it: whoever writes at the same time may undo this. So it is
    /// read again afterwards, and ours put back when it is not there. What we have undone of the other's in the moment
    /// between cannot be known: a program that looks as we do puts it back.
    static func replace(in bucket: String, function: String, with wanted: [XML], _ session: Session) throws {
        let meaning = Set(wanted.map(Notification.meaning))
        for attempt in 1... {
            let document = Notification.merged(
                try session.s3.notifications(of: bucket), with: wanted, function: function)
            // S3 tries the permission, which may not be known everywhere yet.
            try session.persevering(while: { $0.isService("InvalidArgument") && $0.message.contains("validate") }) {
                try session.s3.setNotifications(document, of: bucket)
            }
            let now = try session.s3.notifications(of: bucket).children.filter { Notification.isOf(function, $0) }
            if Set(now.map(Notification.meaning)) == meaning { return }
            guard attempt < attempts else {
                throw PublishError(
                    .conflict,
                    "the notifications of the bucket \(bucket) were written \(attempts) times, and somebody else changed "
                        + "them each time", hint: "run the same command again when the other has finished")
            }
            guard session.client.time.sleep(.milliseconds(500 * attempt)) else { throw Cancelled() }
        }
    }

    private static let attempts = 5
}

/// Notifications as S3 writes them. S3 API reference, "NotificationConfiguration".
package enum Notification {
    /// A bucket's document with ours in the place of ours, and all else as it was.
    package static func merged(_ document: XML, with wanted: [XML], function: String) -> XML {
        var document = document
        // Some that speak S3 answer with another root than they take.
        document.name = "NotificationConfiguration"
        document.children = document.children.filter { !isOf(function, $0) } + wanted
        return document
    }

    /// Which new objects are told of. One rule has one beginning and one end at most.
    struct Rule: Hashable {
        var prefix: String
        var suffix: String

        /// Whether an object can be told of by both.
        func meets(_ other: Rule) -> Bool {
            NameFilter.meet([prefix], [other.prefix], at: .beginning)
                && NameFilter.meet([suffix], [other.suffix], at: .end)
        }

        var text: String {
            prefix.isEmpty && suffix.isEmpty ? "all objects" : "\(prefix)*\(suffix)"
        }
    }

    /// The rules of several channels of one bucket, such that no object is told of twice: S3 refuses rules that overlap.
    static func rules(for channels: [Deployment.Channel]) -> [Rule] {
        var rules: [Rule] = []
        for channel in channels {
            // A channel's prefixes are of file names, and those of S3 are of whole keys: they cannot say it. The
            // function passes over what it does not want.
            for suffix in channel.suffixes.isEmpty ? [""] : channel.suffixes {
                rules.append(Rule(prefix: channel.keyPrefix, suffix: suffix))
            }
        }
        var kept: [Rule] = []
        for rule in rules where !kept.contains(rule) {
            let isCovered = rules.contains { $0 != rule && covers($0, rule) }
            if !isCovered { kept.append(rule) }
        }
        return kept
    }

    private static func covers(_ wide: Rule, _ narrow: Rule) -> Bool {
        narrow.prefix.utf8.starts(with: wide.prefix.utf8)
            && narrow.suffix.utf8.reversed().starts(with: wide.suffix.utf8.reversed())
    }

    static func element(_ rule: Rule, calling arn: String, function: String) -> XML {
        let sum = Digest(of: Array("\(rule.prefix)\u{0}\(rule.suffix)".utf8)).hex.prefix(12)
        var filters: [XML] = []
        for (name, value) in [("prefix", rule.prefix), ("suffix", rule.suffix)] where !value.isEmpty {
            filters.append(XML("FilterRule", [XML("Name", text: name), XML("Value", text: value)]))
        }
        var children = [
            XML("Id", text: idPrefix(function) + sum), XML("CloudFunction", text: arn),
            XML("Event", text: "s3:ObjectCreated:*"),
        ]
        if !filters.isEmpty { children.append(XML("Filter", [XML("S3Key", filters)])) }
        return XML("CloudFunctionConfiguration", children)
    }

    /// No function's name holds a colon, so one function's ids are never another's.
    private static func idPrefix(_ function: String) -> String { "scar-build:\(function):" }

    static func isOf(_ function: String, _ element: XML) -> Bool {
        element["Id"]?.text.hasPrefix(idPrefix(function)) == true
    }

    /// What an element says, however it is written.
    static func meaning(_ element: XML) -> [String] {
        let rule = rule(element)
        let target = (element["CloudFunction"] ?? element["LambdaFunctionArn"])?.text ?? ""
        return [target, rule.prefix, rule.suffix] + element.all("Event").map(\.text).sorted()
    }

    static func text(_ element: XML) -> String { rule(element).text }

    private static func rule(_ element: XML) -> Rule {
        var rule = Rule(prefix: "", suffix: "")
        for filter in element["Filter"]?["S3Key"]?.all("FilterRule") ?? [] {
            switch filter["Name"]?.text.lowercased() {
            case "prefix": rule.prefix = filter["Value"]?.text ?? ""
            case "suffix": rule.suffix = filter["Value"]?.text ?? ""
            default: break
            }
        }
        return rule
    }

    /// S3 refuses two that could tell of the same object; said here with the name of the other.
    static func check(_ rules: [Rule], against document: XML, function: String, bucket: String) throws(PublishError) {
        for other in document.children where !isOf(function, other) {
            guard other.all("Event").contains(where: { $0.text.hasPrefix("s3:ObjectCreated:") }) else { continue }
            let theirs = Self.rule(other)
            for rule in rules where rule.meets(theirs) {
                throw PublishError(
                    .conflict,
                    "the bucket \(bucket) tells of \(theirs.text) already (‘\(other["Id"]?.text ?? "")’), and S3 takes no "
                        + "second notification for the same objects, as \(rule.text) would be",
                    hint: "choose a folder or suffix that the other does not have, or remove it")
            }
        }
    }
}
