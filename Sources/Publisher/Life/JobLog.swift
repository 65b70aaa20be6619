package import AWS

/// What a job of AWS Batch said, and how it stands with it: of jobs that failed as of others.
package struct JobLog: Sendable {
    private let batch: BatchAPI
    private let client: AWSClient

    package init(_ client: AWSClient) {
        batch = BatchAPI(client)
        self.client = client
    }

    package func job(_ id: String) throws -> BatchAPI.Job {
        guard let job = try batch.job(id) else {
            throw PublishError(
                .notFound, "AWS Batch knows no job \(id)",
                hint: "it forgets jobs some days after their end; what they said stays in the log as long as ‘function."
                    + "logRetention’ says: ‘aws logs tail’ shows it")
        }
        return job
    }

    /// What its attempts said, one after the other; of a job with several nodes, what the main one said.
    package func events(of job: BatchAPI.Job) throws -> [LogsAPI.Event] {
        var job = job
        if job.nodes != nil, job.logStreams.isEmpty, !job.id.contains("#") { job = try self.job("\(job.id)#0") }
        let log = FunctionLog(group: job.logGroup ?? "/aws/batch/job", client)
        return try job.logStreams.flatMap { try log.events(ofStream: $0) }
    }

    /// How the job stands, for people.
    package static func summary(of job: BatchAPI.Job) -> String {
        var text = "job \(job.id): \(job.status)"
        if !job.reason.isEmpty { text += ": \(job.reason)" }
        if let code = job.exitCode { text += " (exit code \(code))" }
        if let size = job.arraySize { text += "; it has \(size) children, \(job.id):0 to \(job.id):\(size - 1)" }
        if let nodes = job.nodes { text += "; it has \(nodes) nodes, \(job.id)#0 to \(job.id)#\(nodes - 1)" }
        return text
    }
}
