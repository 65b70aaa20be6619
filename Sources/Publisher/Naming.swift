internal import ByteKit

/// Names and ARNs, which follow from a function's name and from the account and region that it is published to.
protocol Naming: Sendable {
    /// `aws`, `aws-cn`.
    var partitionName: String { get }
    /// `eu-west-1`.
    var regionName: String { get }
    /// Twelve digits.
    var account: String { get }
    /// `amazonaws.com`.
    var domain: String { get }
    /// The repository of ECR that has the images of a function.
    func repositoryName(_ function: String) -> String
}

extension Naming {
    private func arn(_ service: String, _ rest: String) -> String {
        "arn:\(partitionName):\(service):\(regionName):\(account):\(rest)"
    }

    func functionARN(_ name: String, alias: String? = nil) -> String {
        arn("lambda", "function:\(name)" + (alias.map { ":\($0)" } ?? ""))
    }

    func logGroupARN(_ name: String) -> String { arn("logs", "log-group:\(name)") }

    func bucketARN(_ name: String) -> String { "arn:\(partitionName):s3:::\(name)" }

    func roleARN(_ name: String) -> String { "arn:\(partitionName):iam::\(account):role/\(name)" }

    func apiARN(_ id: String, _ rest: String) -> String { arn("execute-api", "\(id)/\(rest)") }

    func instanceProfileARN(_ name: String) -> String {
        "arn:\(partitionName):iam::\(account):instance-profile/\(name)"
    }

    /// - Parameter kind: `job-queue`, `job-definition`, `compute-environment`.
    func batchARN(_ kind: String, _ name: String) -> String { arn("batch", "\(kind)/\(name)") }

    func repositoryName(_ function: String) -> String { Session.repositoryName(function) }

    func repositoryARN(_ function: String) -> String { arn("ecr", "repository/\(repositoryName(function))") }

    /// Where the images of a function are.
    func repositoryURI(_ function: String) -> String { repositoryURI(named: repositoryName(function)) }

    /// Where the images of a repository are.
    func repositoryURI(named name: String) -> String { "\(account).dkr.ecr.\(regionName).\(domain)/\(name)" }

    func runtimeARN(_ name: String) -> String { arn("lambda", "runtime/\(name)") }

    func ruleARN(_ name: String) -> String { arn("events", "rule/\(name)") }

    /// What API Gateway calls a function by.
    func integrationARN(_ functionARN: String) -> String {
        "arn:\(partitionName):apigateway:\(regionName):lambda:path/2015-03-31/functions/\(functionARN)/invocations"
    }

    /// The role that is made for a function. Roles belong to no region and functions do, so the region is part of it.
    func roleName(_ function: String) -> String {
        let name = "scar-build-\(regionName)-\(function)"
        guard name.utf8.count > 64 else { return name }
        return name.prefix(55) + "-" + Digest(of: Array(name.utf8)).hex.prefix(8)
    }

    /// What is made for a function's jobs: no function's name holds a dot, so one's roles are never another's.
    func jobRoleName(_ function: String) -> String { roleName(function, .job) }
    func startRoleName(_ function: String) -> String { roleName(function, .start) }
    func machineRoleName(_ function: String) -> String { roleName(function, .machine) }

    func roleName(_ function: String, _ role: JobRole) -> String { roleName("\(function).\(role.rawValue)") }

    /// The bucket that large packages go through when the recipe names none.
    var packagesBucket: String { "scar-build-\(account)-\(regionName)" }
}
