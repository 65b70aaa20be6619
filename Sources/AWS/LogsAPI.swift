internal import JSON

/// CloudWatch Logs. API reference, 2014-03-28.
package struct LogsAPI: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    private static let target = "Logs_20140328"

    package struct Group: Sendable, Equatable {
        package var name: String
        /// Days; nil when logs are kept for ever.
        package var retention: Int?
        package var arn: String
    }

    package struct Event: Sendable, Equatable {
        package var id: String
        /// Milliseconds since 1970.
        package var time: Int
        package var stream: String
        package var message: String
    }

    private func ask(_ operation: String, _ members: [(name: StaticString, json: JSON)]) throws(AWSError) -> JSON {
        try client.json(AWSRequest(.logs, target: Self.target, operation, json: .object(members)))
    }

    package func group(_ name: String) throws(AWSError) -> Group? {
        let json = try ask("DescribeLogGroups", [("logGroupNamePrefix", .string(name)), ("limit", .integer(50))])
        for group in json["logGroups"]?.array ?? [] where group["logGroupName"]?.string == name {
            return Group(
                name: name, retention: group["retentionInDays"]?.integer,
                // One of the two forms ends in `:*`, which only policies use.
                arn: group["logGroupArn"]?.string ?? group["arn"]?.string.map(Self.withoutStar) ?? "")
        }
        return nil
    }

    private static func withoutStar(_ arn: String) -> String { arn.hasSuffix(":*") ? String(arn.dropLast(2)) : arn }

    package func createGroup(_ name: String, tags: [String: String]) throws(AWSError) {
        _ = try ask("CreateLogGroup", [("logGroupName", .string(name)), ("tags", .record(tags))])
    }

    package func setRetention(_ days: Int, of name: String) throws(AWSError) {
        _ = try ask("PutRetentionPolicy", [("logGroupName", .string(name)), ("retentionInDays", .integer(days))])
    }

    package func tags(ofGroup arn: String) throws(AWSError) -> [String: String] {
        try ask("ListTagsForResource", [("resourceArn", .string(arn))])["tags"]?.texts ?? [:]
    }

    package func tag(group arn: String, _ tags: [String: String]) throws(AWSError) {
        _ = try ask("TagResource", [("resourceArn", .string(arn)), ("tags", .record(tags))])
    }

    package func deleteGroup(_ name: String) throws(AWSError) {
        do throws(AWSError) {
            _ = try ask("DeleteLogGroup", [("logGroupName", .string(name))])
        } catch {
            guard error.isNotFound else { throw error }
        }
    }

    /// Events of all streams of a group, in order of time, from one page on.
    ///
    /// - Parameters:
    ///   - since: milliseconds since 1970.
    ///   - filter: CloudWatch's own filter language; nil for all.
    ///   - streams: only the streams whose name begins so.
    package func events(
        _ group: String, since: Int?, filter: String?, streams: String?, after token: String?
    ) throws(AWSError) -> (events: [Event], next: String?) {
        var members: [(name: StaticString, json: JSON)] = [("logGroupName", .string(group)), ("limit", .integer(1000))]
        if let since { members.append(("startTime", .integer(since))) }
        if let filter { members.append(("filterPattern", .string(filter))) }
        if let streams { members.append(("logStreamNamePrefix", .string(streams))) }
        if let token { members.append(("nextToken", .string(token))) }
        let json = try ask("FilterLogEvents", members)
        let events = (json["events"]?.array ?? []).map {
            Event(
                id: $0["eventId"]?.string ?? "", time: $0["timestamp"]?.integer ?? 0,
                stream: $0["logStreamName"]?.string ?? "", message: $0["message"]?.string ?? "")
        }
        return (events, json["nextToken"]?.string)
    }
}

/// What carries a tag, in every service of a region that tells. Resource Groups Tagging API, 2017-01-26.
package struct TaggingAPI: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// ARN → tags of everything that has all these tags.
    package func resources(tagged tags: [String: String]) throws(AWSError) -> [String: [String: String]] {
        var found: [String: [String: String]] = [:]
        var (tokens, token) = (PageTokens(), String?.none)
        repeat {
            let filters = tags.sorted { $0.key < $1.key }.map {
                JSON.object([("Key", .string($0.key)), ("Values", .array([.string($0.value)]))])
            }
            var members: [(name: StaticString, json: JSON)] = [("TagFilters", .array(filters))]
            if let token { members.append(("PaginationToken", .string(token))) }
            let json = try client.json(
                AWSRequest(
                    .tagging, target: "ResourceGroupsTaggingAPI_20170126", "GetResources", json: .object(members)))
            for resource in json["ResourceTagMappingList"]?.array ?? [] {
                guard let arn = resource["ResourceARN"]?.string else { continue }
                for tag in resource["Tags"]?.array ?? [] {
                    found[arn, default: [:]][tag["Key"]?.string ?? ""] = tag["Value"]?.string ?? ""
                }
            }
            token = try tokens.next(json["PaginationToken"]?.string, after: "GetResources")
        } while token != nil
        return found
    }
}
