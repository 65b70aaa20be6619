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
  names.each do |name|
    command = ["ruby", "-W0", "-I#{ROOT}/tool/lib", "-I#{ROOT}/test/lib", "#{ROOT}/tool/test/runner.rb", "-v", "--tty=no", "#{ROOT}/test/#{name}"]
    command[4] = "#{ROOT}/test/runner.rb" unless File.exist?(command[4])
    text = IO.popen(command, err: [:child, :out], &:read).scrub
    found = text.scan(/^\[[ 0-9]+\/[0-9]+\] *(\S+#\S+) *(?:= *[0-9.]+ s)?.*?(?:= *([0-9.]+) s = (\S))?/)
    found = text.scan(/^(?:\[[ 0-9\/]+\] )?(\S+#\S+) = [0-9.]+ s = (\S)/)
    found.each { |test, result| puts "#{name}:#{test}\t#{result}" }
    warn text[-1500..] || text if found.empty?
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
