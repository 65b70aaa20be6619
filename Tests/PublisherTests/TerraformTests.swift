import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing

/// Terraform reads the configuration and evaluates it; what its provider for AWS takes was compared by hand.
@Suite("A configuration of Terraform's", .enabled(if: TerraformRun.isPossible, "needs terraform"))
struct TerraformTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func evaluate(_ deployments: [Deployment], _ values: [String: String] = [:]) throws -> JSON {
        let path = folder.path + "/configuration.tf.json"
        try OutputFile.write(try Template.terraform.text(for: deployments), to: path)
        return try TerraformRun.evaluate(path, values: values, in: folder.path + "/terraform")
    }

    private func document(_ json: JSON?) throws -> JSON { try JSON.parse(try #require(json?.utf8)) }

    @Test("is one that Terraform can put in order and evaluate, whatever is in it")
    func everything() throws {
        for (name, deployments) in try TemplateCases.all() {
            let resources = try evaluate(deployments).members ?? []
            #expect(resources.count > 4, "\(name)")
            // What only looks like an expression has become what it was.
            guard name == "workflow" else { continue }
            let function = resources.first { $0.name == Array("aws_lambda_function.frames-of_videos".utf8) }
            #expect(function?.json["description"]?.string == "What ${looks} like %{an} expression, and is none")
        }
    }

    @Test("has variables of jobs in their definition as they are given, whatever letters are in them")
    func variables() throws {
        let token = "a\"b\\c${d}%{e}\n"
        let made = try evaluate(
            [TemplateCases.jobs(.init(kind: .fargate))],
            ["jobs-fargate_variable_TOKEN": token, "jobs-fargate_job_variable_OWN": "own"])
        let definition = made["aws_batch_job_definition.jobs-fargate"]
        #expect(definition?["name"]?.string == "jobs-fargate")
        #expect(definition?["type"]?.string == "container")
        let container = try document(definition?["container_properties"])
        let values = (container["environment"]?.array ?? []).reduce(into: [:]) {
            $0[$1["name"]?.string ?? ""] = $1["value"]?.string
        }
        #expect(values["TOKEN"] == token)
        #expect(values["OWN"] == "own")
        #expect(values["AWS_REGION"] == "eu-west-1")
        #expect(
            container["image"]?.string
                == "123456789012.dkr.ecr.eu-west-1.amazonaws.com/scar-build/jobs-fargate@\(TemplateCases.image.digest)")
        #expect(container["jobRoleArn"]?.string == "aws_iam_role.jobs-fargate_job_role.arn")
        #expect(container["executionRoleArn"]?.string == "aws_iam_role.jobs-fargate_start_role.arn")
        #expect(container["logConfiguration"]?["options"]?["awslogs-group"]?.string == "/aws/batch/jobs-fargate")
        let start = try document(made["aws_iam_role_policy.jobs-fargate_start_role"]?["policy"])
        #expect(
            start["Statement"]?[1]?["Resource"]?[0]?.string
                == "arn:aws:ecr:eu-west-1:123456789012:repository/scar-build/jobs-fargate")
    }

    @Test("has the queue, and what it runs on, under the provider's names for them")
    func compute() throws {
        let made = try evaluate(TemplateCases.jobs())
        let open = made["aws_batch_compute_environment.jobs-ec2"]
        #expect(open?["name_prefix"]?.string == "jobs-ec2-ec2-")
        let resources = open?["compute_resources"]
        #expect(resources?["max_vcpus"]?.integer == 2)
        #expect(resources?["min_vcpus"]?.integer == 0)
        #expect(resources?["instance_type"]?[0]?.string == "optimal")
        #expect(resources?["instance_role"]?.string == "aws_iam_instance_profile.jobs-ec2.arn")
        #expect(resources?["allocation_strategy"]?.string == "BEST_FIT_PROGRESSIVE")
        #expect(resources?["subnets"]?.array?.count == 2)
        let named = made["aws_batch_compute_environment.jobs-spot"]
        #expect(named?["compute_resources"]?["subnets"] == .array([.string("subnet-0a1b2c3d")]))
        #expect(named?["service_role"]?.string == "arn:aws:iam::123456789012:role/batch")
        #expect(made["aws_iam_role.jobs-spot_machine_role"] == nil)
        let queue = made["aws_batch_job_queue.jobs-ec2"]
        #expect(queue?["name"]?.string == "jobs-ec2")
        #expect(
            queue?["compute_environment_order"]?[0]?["compute_environment"]?.string
                == "aws_batch_compute_environment.jobs-ec2.arn")
        let nodes = try document(made["aws_batch_job_definition.several-nodes"]?["node_properties"])
        #expect(nodes["numNodes"]?.integer == 3)
        #expect(made["aws_batch_job_definition.several-nodes"]?["container_properties"] == nil)
    }

    @Test("has queues, rules, layers and images that call or make the function")
    func triggers() throws {
        let made = try evaluate([try TemplateCases.triggered(), TemplateCases.layered(), TemplateCases.imaged()])
        let queue = made["aws_lambda_event_source_mapping.triggered_queue_1"]
        #expect(queue?["function_name"]?.string == "aws_lambda_alias.triggered.arn")
        #expect(queue?["batch_size"]?.integer == 20)
        #expect(queue?["maximum_batching_window_in_seconds"]?.integer == 5)
        #expect(queue?["function_response_types"]?[0]?.string == "ReportBatchItemFailures")
        #expect(queue?["scaling_config"]?["maximum_concurrency"]?.integer == 5)
        let rule = made["aws_cloudwatch_event_rule.triggered_on_orders"]
        #expect(rule?["event_bus_name"]?.string == "shop")
        #expect(try document(rule?["event_pattern"])["detail"]?["name"]?[0]?.string == "${none}")
        let permission = made["aws_lambda_permission.triggered_rule_orders"]
        #expect(
            permission?["source_arn"]?.string
                == "arn:aws:events:eu-west-1:123456789012:rule/shop/scar-build.triggered.orders")
        let layers = made["aws_lambda_function.layered"]?["layers"]?.array
        #expect(
            layers?.compactMap(\.string)
                == ["arn:aws:lambda:eu-west-1:123456789012:layer:tools:3", "aws_lambda_layer_version.layered.arn"])
        // It is too large to go within the request.
        #expect(made["aws_lambda_layer_version.layered"]?["s3_key"]?.string == "aws_s3_object.layered_layer.key")
        let image = made["aws_lambda_function.Imaged_"]
        #expect(image?["package_type"]?.string == "Image")
        #expect(image?["image_uri"]?.string?.hasSuffix("@\(TemplateCases.image.digest)") == true)
        #expect(image?["runtime"] == nil)
    }
}
