internal import AWS
internal import JSON

/// What a recipe may leave to the default network. Nobody is asked which that is to write a template, so it is asked for
/// when the template is deployed.
enum JobNetwork: String, CaseIterable {
    case subnets
    case securityGroups = "securityGroupIds"

    /// What is left open.
    static func open(in compute: Deployment.Job.Compute) -> [JobNetwork] {
        allCases.filter { $0 == .subnets ? compute.subnets.isEmpty : compute.securityGroups.isEmpty }
    }

    /// For people.
    func text(_ function: String) -> String {
        switch self {
        case .subnets: "The subnets that jobs of the function \(function) run in."
        case .securityGroups:
            "The security groups of jobs of the function \(function), in the network of their subnets."
        }
    }

    /// Resources in which what is open is what stands for it.
    static func filled(_ members: BatchAPI.Members, _ values: [JobNetwork: JSON]) -> BatchAPI.Members {
        members.map { member in
            let open = JobNetwork(rawValue: member.name.description)
            return (member.name, open.flatMap { values[$0] } ?? member.json)
        }
    }
}
