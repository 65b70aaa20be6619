/// The variables of jobs within a template. Their values may be secrets, so each is asked for; one that the function has too,
/// with the same value, is asked for once.
struct JobVariables {
    /// The names whose values are the function's.
    var shared: [String] = []
    /// The names whose values are the job's alone.
    var own: [String] = []

    init(_ job: Deployment.Job, of deployment: Deployment) {
        for (name, value) in job.environment.sorted(by: { $0.key < $1.key }) {
            if deployment.function.environment.contains(where: { $0.name == name && $0.value == value }) {
                shared.append(name)
            } else {
                own.append(name)
            }
        }
    }

    /// The job with what stands for the values: that of the function's variable, or of one that is asked for.
    func filled(
        _ job: Deployment.Job, function: [String: String], asking ask: (String) -> String
    ) -> Deployment.Job {
        var job = job
        for name in shared { job.environment[name] = function[name].map { Placeholder.text($0) } }
        for name in own { job.environment[name] = Placeholder.text(ask(name)) }
        return job
    }

    static func text(_ name: String, _ function: String) -> String {
        "The variable \(name) of jobs of the function \(function)."
    }
}
