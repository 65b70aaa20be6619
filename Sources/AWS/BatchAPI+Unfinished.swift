internal import JSON

/// What a queue's jobs that have not ended still need. AWS Batch API reference, "ListJobs" and "DescribeJobDefinitions".
extension BatchAPI {
    /// What a container of a job is made from.
    package struct Container: Sendable, Hashable {
        /// The image's reference.
        package var image: String
        /// The ARN of the role that its program runs as; nil when it has none.
        package var role: String?

        init(_ json: JSON) {
            image = json["image"]?.string ?? ""
            role = json["jobRoleArn"]?.string
        }
    }

    /// In the order that a job goes through them, so that none slips from one list to the next unseen. One that runs may be
    /// tried again.
    private static let unfinished = ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING"]

    /// What the containers of a queue's jobs are made from, as long as those have not ended.
    ///
    /// A job keeps the revision of the definition that it was submitted with, though it is deregistered since.
    package func unfinishedContainers(in queue: String) throws(AWSError) -> Set<Container> {
        var definitions: Set<String> = []
        for status in Self.unfinished { definitions.formUnion(try self.definitions(ofJobs: status, in: queue)) }
        let list = definitions.sorted()
        var found: Set<Container> = []
        for start in stride(from: 0, to: list.count, by: Self.largestQuestion) {
            let part = list[start..<min(start + Self.largestQuestion, list.count)]
            let json = try ask("DescribeJobDefinitions", [("jobDefinitions", .array(part.map { .string($0) }))])
            for definition in json["jobDefinitions"]?.array ?? [] { found.formUnion(Self.containers(of: definition)) }
        }
        return found
    }

    /// How many definitions can be asked for at a time.
    private static let largestQuestion = 100

    private func definitions(ofJobs status: String, in queue: String) throws(AWSError) -> Set<String> {
        var found: Set<String> = []
        var (tokens, token) = (PageTokens(), String?.none)
        repeat {
            let json = try ask(
                "ListJobs",
                [("jobQueue", .string(queue)), ("jobStatus", .string(status))]
                    + (token.map { [("nextToken", .string($0))] } ?? []))
            found.formUnion((json["jobSummaryList"]?.array ?? []).compactMap { $0["jobDefinition"]?.string })
            token = try tokens.next(json["nextToken"]?.string, after: "batch ListJobs")
        } while token != nil
        return found
    }

    /// A definition has a container, or one for each range of nodes.
    private static func containers(of definition: JSON) -> [Container] {
        let ranges = definition["nodeProperties"]?["nodeRangeProperties"]?.array ?? []
        return ([definition["containerProperties"]] + ranges.map { $0["container"] }).compactMap(\.self).map {
            Container($0)
        }
    }
}
