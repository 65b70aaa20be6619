# A named part of Ruby's own tests, result by result.
#: trees: ruby
#: results: lines
#: limit: 900
ROOT = "/usr/share/ruby-tests"
def main(*names)
  # Names are random: folders and descriptors of each run are its own.
  Dir.mkdir("/tmp/tests")
  Dir.chdir("/tmp/tests")
  ENV["RUBYLIB"] = "#{ROOT}/tool/lib:#{ROOT}/test/lib"
  # An extension that only Ruby's own build makes; the tests that use it fail in both worlds.
  Dir.mkdir("-test-")
  File.write("-test-/file.rb", "")
  names.each do |name|
    command = ["ruby", "-W0", "-I#{ROOT}/tool/lib", "-I#{ROOT}/test/lib", "-I/tmp/tests", "#{ROOT}/tool/test/runner.rb",
               "-v", "--tty=no", "--seed=1", "#{ROOT}/test/#{name}"]
    text = IO.popen(command, err: [:child, :out], &:read).scrub
    ended = text.scan(/^ +\d+\) (\w+):\n(\S+#\S+?)[: ]?(?: |$)/).to_h { |how, test| [test.chomp(":"), how] }
    found = text.scan(/^\[ *\d+\/\d+\] (\S+#\S+) = [0-9.]+ s/).flatten
    found.each { |test| puts "#{name}:#{test}\t#{ended.fetch(test, "passed")}" }
    warn text
    abort "#{name}: no test ran" if found.empty?
  end
end
### file
main("ruby/test_file.rb", "ruby/test_path.rb")
### file_exhaustive
main("ruby/test_file_exhaustive.rb")
### dir
main("ruby/test_dir.rb", "ruby/test_dir_m17n.rb")
### process
main("ruby/test_process.rb")
### io
main("ruby/test_io.rb")
### require
main("ruby/test_require.rb")
### libraries
main("pathname/test_pathname.rb", "fileutils/test_fileutils.rb", "test_tempfile.rb", "test_tmpdir.rb", "test_find.rb", "test_open3.rb")
