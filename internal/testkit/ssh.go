package testkit

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SSHAgent starts an agent with one key and makes it this process's, with a home folder whose known_hosts SSH servers of tests enter
// themselves in. Call it from TestMain after HOME is set.
func SSHAgent(home string) (stop func(), err error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	keys := agent.NewKeyring()
	socket := filepath.Join(home, "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_ = agent.ServeAgent(keys, connection)
				_ = connection.Close()
			}()
		}
	}()
	err = errors.Join(keys.Add(agent.AddedKey{PrivateKey: key}), os.Setenv("SSH_AUTH_SOCK", socket), os.Mkdir(filepath.Join(home, ".ssh"), 0o700),
		os.Setenv("SSH_KNOWN_HOSTS", knownHosts(home)))
	return func() { _ = listener.Close() }, err
}

func knownHosts(home string) string { return filepath.Join(home, ".ssh", "known_hosts") }

// SSH serves the remote through git upload-pack and git receive-pack over SSH for the time of a test and returns its address. Each of instead may
// answer a command in place of git: it says whether it did. SSHAgent must have been called.
func (r *Remote) SSH(t testing.TB, instead ...func(command string, channel io.ReadWriter) bool) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil }}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	known, err := os.OpenFile(os.Getenv("SSH_KNOWN_HOSTS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = known.WriteString(knownhosts.Line([]string{listener.Addr().String()}, signer.PublicKey()) + "\n")
	if err := errors.Join(err, known.Close()); err != nil {
		t.Fatal(err)
	}
	server := sshServer{config, instead}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go server.serve(connection)
		}
	}()
	return fmt.Sprintf("ssh://git@%s%s", listener.Addr(), filepath.ToSlash(r.Dir))
}

type sshServer struct {
	config  *ssh.ServerConfig
	instead []func(string, io.ReadWriter) bool
}

func (s sshServer) serve(connection net.Conn) {
	defer connection.Close()
	_, channels, requests, err := ssh.NewServerConn(connection, s.config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offer := range channels {
		channel, requests, err := offer.Accept()
		if err != nil {
			return
		}
		for request := range requests {
			var payload struct{ Command string }
			if request.Type != "exec" || ssh.Unmarshal(request.Payload, &payload) != nil {
				_ = request.Reply(false, nil)
				continue
			}
			_ = request.Reply(true, nil)
			go func() {
				status := s.run(payload.Command, channel)
				_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
				_ = channel.Close()
			}()
		}
	}
}

// run executes "git-upload-pack 'PATH'" or its like.
func (s sshServer) run(command string, channel ssh.Channel) (status uint32) {
	for _, answer := range s.instead {
		if answer(command, channel) {
			return 0
		}
	}
	name, quoted, _ := strings.Cut(command, " ")
	subcommand, ok := strings.CutPrefix(name, "git-")
	if !ok || (subcommand != "upload-pack" && subcommand != "receive-pack") {
		_, _ = fmt.Fprintln(channel.Stderr(), "no such command: "+strconv.Quote(name))
		return 127
	}
	cmd := exec.Command("git", subcommand, strings.Trim(quoted, "'"))
	cmd.Env, cmd.Stdout, cmd.Stderr = gitEnv(Epoch), channel, channel.Stderr()
	stdin, err := cmd.StdinPipe() // not cmd.Stdin: the command may end before the client closes its side
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return 126
	}
	go func() {
		_, _ = io.Copy(stdin, channel)
		_ = stdin.Close()
	}()
	if cmd.Wait() != nil {
		return 128
	}
	return 0
}
